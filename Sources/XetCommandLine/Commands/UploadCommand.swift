import ArgumentParser
import NIOCore
import Synchronization
import XetAccess
import XetClient
import XetCore
import XetLocal
import XetWire

/// The command `xet upload`.
struct UploadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upload",
        abstract: "Upload files and folders to a repository.",
        discussion: """
            The files of one folder go to the root of the repository, or to where --to says; of several files and folders, each \
            goes there under its own name; - is standard input. Patterns are those of 'hf upload': '*' is any text, slashes \
            included.

            Large files are cut into chunks, and only chunks are sent that the Hub does not have; then a commit names all files. \
            What is interrupted goes on when the same command is run again. Your Hub token is taken from HF_TOKEN or from where \
            the official client keeps it.

            Examples:
              xet upload owner/name model/ --create --private
              xet upload owner/name model.safetensors --to weights/model.safetensors
              xet upload datasets/owner/name data/ --include '*.parquet' --message 'New data' --create-pr
              tar c folder | xet upload buckets/owner/name - --to folder.tar
              xet upload owner/name model/ --delete '*.bin' --dry-run
            """
    )

    @Argument(
        help: """
            Repository: owner/name, perhaps with datasets/, spaces/, kernels/ or buckets/ before it, or its hf:// or https \
            address.
            """
    )
    var repository: String

    @Argument(help: "Files and folders, or - for standard input.", completion: .file())
    var local: [LocalPath]

    @OptionGroup var repositoryOptions: RepositoryOptions
    @OptionGroup var hub: HubOptions
    @OptionGroup var outbound: OutboundOptions
    @OptionGroup var retries: RetryOptions

    @Option(help: ArgumentHelp("Path in the repository; with a slash at its end always a folder.", valueName: "path"))
    var to: String?

    @Option(
        help: ArgumentHelp("Upload only what this pattern means of a folder; can be repeated.", valueName: "pattern")
    )
    var include: [String] = []

    @Option(help: ArgumentHelp("Leave out what this pattern means of a folder; can be repeated.", valueName: "pattern"))
    var exclude: [String] = []

    @Option(
        help: ArgumentHelp(
            "Remove files of the repository that this pattern means, below --to, and that do not come anew; can be repeated.",
            valueName: "pattern"
        )
    )
    var delete: [String] = []

    @Option(name: .shortAndLong, help: ArgumentHelp("First line of the commit.", valueName: "text"))
    var message: String?

    @Option(help: ArgumentHelp("What else the commit says.", valueName: "text"))
    var description: String?

    @Option(help: ArgumentHelp("Most files of one commit; more are made if there are more.", valueName: "count"))
    var filesPerCommit = 10_000

    @Flag(name: .customLong("create-pr"), help: "Open a pull request instead of changing the revision.")
    var createPR = false

    @Flag(help: "Make the repository if there is none.")
    var create = false

    @Flag(name: .customLong("private"), help: "With --create: make it private.")
    var isPrivate = false

    @Flag(help: "Say what would be uploaded and how much of it is new, and upload nothing.")
    var dryRun = false

    @Flag(help: "Print a JSON object for each file, and one at the end.")
    var json = false

    @Flag(name: .shortAndLong, help: "Show no progress.")
    var quiet = false

    private static let standardInput = LocalPath("-")

    func validate() throws {
        guard !local.isEmpty else { throw ValidationError("Say what: a file, a folder, or - for standard input.") }
        guard !isPrivate || create else { throw ValidationError("'--private' goes with '--create'.") }
        guard (1...100_000).contains(filesPerCommit) else {
            throw ValidationError("'--files-per-commit' is a number from 1 to 100000.")
        }
        let (address, folder) = try target()
        guard address.repository.kind.hasRevisions || !createPR && message == nil && description == nil else {
            throw ValidationError("A bucket has no commits and no pull requests.")
        }
        if local.contains(Self.standardInput) {
            guard local.count == 1, let to, !to.hasSuffix("/") else {
                throw ValidationError("Say with '--to' what standard input is called in the repository.")
            }
        }
        guard folder.isEmpty || RepositoryPath(folder) != nil else {
            throw ValidationError("'\(DisplayText.escaped(folder))' is no path in a repository.")
        }
    }

    /// Where in which repository; the path without a slash at its end.
    private func target() throws -> (RepositoryAddress, path: String) {
        let address = try repositoryOptions.address(repository, hub: try hub.address())
        guard to == nil || address.path == nil else {
            throw ValidationError("The path in the repository is named twice.")
        }
        let path = to ?? address.path ?? ""
        return (address, path.hasSuffix("/") ? String(path.dropLast()) : path)
    }

    func run() async throws {
        var configuration = Assembly.Configuration(hub: try hub.address())
        try outbound.apply(to: &configuration.http)
        let outage = try retries.maximumOutage()
        let token = try hub.token()
        let (address, path) = try target()
        let start = ContinuousClock.now
        try await CommandFailure.reporting {
            try await Assembly.with(configuration) { parts in
                let (items, folder) = try await items(to: path)
                let display = UploadDisplay(items, isQuiet: quiet)
                defer { display.end() }
                let upload = RepositoryUpload(
                    parts: parts.local,
                    repository: address.repository,
                    token: token,
                    options: options(address, folder: folder),
                    records: HubHome.own,
                    retry: .outlasting(outage) { display.noteRetry($0, after: $1) },
                    onProgress: { display.note($0) },
                    onFile: { path, byteCount, outcome in
                        display.noteFile()
                        try report(path, byteCount, outcome)
                    }
                )
                let summary = Mutex(RepositoryUpload.Summary())
                try await Interruption.handling {
                    do {
                        let result = try await upload.run(items)
                        summary.withLock { $0 = result }
                    } catch let error as XetError where error.response?.errorCode == HubErrorCode.repositoryNotFound {
                        throw XetError(
                            .notFound,
                            "there is no \(address.repository) that you may write to; --create makes it, HF_TOKEN says who you are"
                        )
                    }
                } describe: { interruption, _ in
                    UnfinishedUpload(cause: interruption)
                }
                display.end()
                try tell(summary.withLock { $0 }, sent: display.sentByteCount, since: start)
            }
        }
    }

    private func options(_ address: RepositoryAddress, folder: String) -> RepositoryUpload.Options {
        var options = RepositoryUpload.Options()
        options.revision = address.revision ?? repositoryOptions.revision
        options.message = message ?? "Upload with xet"
        options.description = description ?? ""
        options.opensPullRequest = createPR
        options.createsRepository = create
        options.isPrivate = isPrivate
        options.deletions = delete.map { GlobPattern($0) }
        options.folder = folder
        options.isDryRun = dryRun
        options.commitCount = filesPerCommit
        return options
    }

    /// The files, and the folder in the repository that they go to.
    private func items(to path: String) async throws -> (items: [UploadItem], folder: String) {
        if local == [Self.standardInput] {
            return ([try await UploadItem.standardInput(path: path)], "")
        }
        var filter = PathFilter()
        filter.included = include.map { GlobPattern($0) }
        filter.excluded = exclude.map { GlobPattern($0) }
        let (found, folder) = try await Blocking.run { [local, to, filter] in
            var scan = UploadScan(filter)
            guard local.count == 1, let only = local.first else {
                for each in local { try scan.add(each, to: try Self.joined(path, each.plainName)) }
                return (scan, path)
            }
            let isFolder = try UploadScan.isFolder(only)
            // One file may get another name; one folder is its content.
            let isNamed = isFolder || to?.hasSuffix("/") == false || to == nil && !path.isEmpty
            try scan.add(only, to: isNamed ? path : try Self.joined(path, only.plainName))
            return (scan, isFolder || !isNamed ? path : "")
        }
        if !quiet {
            for skipped in found.skipped {
                Descriptor.standardError.print("left out: \(skipped.path) is \(skipped.kind)")
            }
        }
        var paths: Set<String> = []
        if let twice = found.items.first(where: { !paths.insert($0.path).inserted }) {
            throw XetError(.invalidRequest, "two files would be '\(twice.path)' in the repository")
        }
        guard !found.items.isEmpty || !delete.isEmpty else {
            throw XetError(.invalidRequest, "there is no file to upload in what was named")
        }
        return (found.items, folder)
    }

    private static func joined(_ folder: String, _ name: String?) throws -> String {
        guard let name else { throw XetError(.invalidRequest, "say with --to what it is called in the repository") }
        return folder.isEmpty ? name : folder + "/" + name
    }
}

// MARK: What is said

extension UploadCommand {
    /// What `--json` prints of a file.
    private struct FileEvent: Encodable {
        let event = "file"
        let path: String
        let size: UInt64
        let state: RepositoryUpload.Outcome
    }

    /// What `--json` prints at the end.
    private struct EndEvent: Encodable {
        let event = "end"
        let files: Int
        let bytes: UInt64
        let uploadedFiles: Int
        let deletedFiles: Int
        let newBytes: UInt64
        let sentBytes: UInt64
        let commit: String?
        let commitUrl: String?
        let pullRequestUrl: String?
        let seconds: Double
    }

    private func report(_ path: String, _ byteCount: UInt64, _ outcome: RepositoryUpload.Outcome) throws {
        if json {
            try JSONOutput.writeLine(FileEvent(path: path, size: byteCount, state: outcome))
        } else if dryRun {
            try FileLine.write(size: byteCount, state: outcome.rawValue, path: path)
        }
    }

    private func tell(
        _ summary: RepositoryUpload.Summary,
        sent sentByteCount: UInt64,
        since start: ContinuousClock.Instant
    ) throws {
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        if json {
            try JSONOutput.writeLine(
                EndEvent(
                    files: summary.fileCount,
                    bytes: summary.byteCount,
                    uploadedFiles: summary.uploadedCount,
                    deletedFiles: summary.deletedCount,
                    newBytes: summary.newByteCount,
                    sentBytes: sentByteCount,
                    commit: summary.commit?.commit,
                    commitUrl: summary.commit?.url,
                    pullRequestUrl: summary.pullRequest,
                    seconds: seconds
                )
            )
        } else if let page = summary.pullRequest ?? summary.commit?.url {
            try Descriptor.standardOutput.write(ByteBuffer(string: DisplayText.escaped(page) + "\n"))
        }
        guard !quiet else { return }
        let all = "\(summary.fileCount) files, \(ReadableSize.text(summary.byteCount))"
        let gone = summary.deletedCount > 0 ? ", \(summary.deletedCount) removed" : ""
        let new = "\(ReadableSize.text(summary.newByteCount)) new"
        if dryRun {
            Descriptor.standardError.print("\(all): \(summary.uploadedCount) would be uploaded, \(new)\(gone)")
        } else if summary.uploadedCount == 0, summary.deletedCount == 0 {
            Descriptor.standardError.print("\(all): all there already")
        } else {
            let sent = "\(ReadableSize.text(sentByteCount)) sent"
            Descriptor.standardError.print(
                "\(all): \(summary.uploadedCount) uploaded, \(new), \(sent)\(gone) in \(Int(seconds.rounded())) s"
            )
        }
    }
}

/// An upload that was interrupted.
struct UnfinishedUpload: Error {
    let cause: any Error
    /// What the person at the shell can do about it.
    let advice = "what was sent is kept; run the same command again to go on from there"
}
