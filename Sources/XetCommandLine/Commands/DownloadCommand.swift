import ArgumentParser
import XetAccess
import XetClient
import XetCore
import XetDownload
import XetLocal
import XetWire

/// The command `xet download`.
struct DownloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "download",
        abstract: "Download files, or a whole repository, verified.",
        discussion: """
            A repository is a name or an address as a browser shows it. Without a path all its files go into a folder of its name; \
            named files go into the current folder. Patterns are those of 'hf download': '*' is any text, slashes \
            included, and 'folder/' all that is below.

            Each file is written beside its final name until it is whole and verified, then replaces what has that name; \
            run the same command again to go on after an interruption. What is there already is left alone, and of a file that changed only chunks are fetched that the one here lacks. Your Hub token is \
            taken from HF_TOKEN or from where the official client keeps it.

            Examples:
              xet download openai-community/gpt2
              xet download openai-community/gpt2 model.safetensors
              xet download openai-community/gpt2 '*.json' 'onnx/' --exclude '*_quantized*' --local-dir gpt2
              xet download datasets/owner/name data/train.parquet --output train.parquet
              xet download hf://datasets/owner/name@v1.0 --dry-run
              xet download --hash 1d5c...e0 --repo owner/name --output weights.bin
            """
    )

    @Argument(
        help: """
            Repository: owner/name, perhaps with datasets/, spaces/, kernels/ or buckets/ before it, or its hf:// or https \
            address.
            """
    )
    var repository: String?

    @Argument(help: "Files in the repository, or patterns of them.")
    var path: [String] = []

    @OptionGroup var repositoryOptions: RepositoryOptions
    @OptionGroup var hub: HubOptions
    @OptionGroup var outbound: OutboundOptions
    @OptionGroup var retries: RetryOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("With one file: the file to write; - is standard output.", valueName: "file"),
        completion: .file()
    )
    var output: LocalPath?

    @Option(
        help: ArgumentHelp("Folder to put the files into, with their paths in the repository.", valueName: "folder"),
        completion: .directory
    )
    var localDir: LocalPath?

    @Flag(help: "Put the files into the cache of the official client, where other programs find them.")
    var hfCache = false

    @Option(help: ArgumentHelp("Download only what this pattern means; can be repeated.", valueName: "pattern"))
    var include: [String] = []

    @Option(help: ArgumentHelp("Leave out what this pattern means; can be repeated.", valueName: "pattern"))
    var exclude: [String] = []

    @Option(name: .shortAndLong, help: ArgumentHelp("Files at once.", valueName: "count"))
    var jobs = 8

    @Flag(help: "Hash what is there, whatever is on record of it.")
    var verify = false

    @Flag(help: "Say what would be downloaded, and download nothing.")
    var dryRun = false

    @Flag(help: "Print a JSON object for each file, and one at the end.")
    var json = false

    @Option(help: ArgumentHelp("Download the file with this XET hash, with the rights of --repo.", valueName: "hash"))
    var hash: String?

    @Option(help: ArgumentHelp("With --hash: the repository whose rights are used.", valueName: "repo"))
    var repo: String?

    @Flag(name: .shortAndLong, help: "Show no progress.")
    var quiet = false

    /// What is to be downloaded.
    private enum Target {
        case hash(FileHash, Repository)
        /// One file, to a name of its own.
        case file(Repository, revision: String, path: String)
        case files(Repository, revision: String, PathFilter)
    }

    func validate() throws {
        guard (1...256).contains(jobs) else { throw ValidationError("'--jobs' is a number from 1 to 256.") }
        guard !hfCache || localDir == nil else {
            throw ValidationError("'--hf-cache' and '--local-dir' exclude each other.")
        }
        _ = try target()
    }

    private func target() throws -> Target {
        if let hash {
            guard repository == nil, path.isEmpty, let repo, !isForMany else {
                throw ValidationError("With --hash give --repo and no other file.")
            }
            guard let hash = FileHash(hash) else { throw ValidationError("A hash has 64 hex digits.") }
            return .hash(hash, try repositoryOptions.repository(repo))
        }
        guard let repository else {
            throw ValidationError("Say what: 'xet download REPO', 'xet download REPO PATH', or --hash with --repo.")
        }
        guard repo == nil else { throw ValidationError("'--repo' goes with --hash; REPO stands before PATH.") }
        let address = try repositoryOptions.address(repository, hub: try hub.address())
        let paths = (address.path.map { [$0] } ?? []) + path
        let isForOne = output != nil && !isForMany
        if let bad = paths.first(where: { !Self.isPath($0, mayBeFolder: !isForOne) }) {
            throw ValidationError("'\(DisplayText.escaped(bad))' is no path of a file in a repository.")
        }
        let revision = address.revision ?? repositoryOptions.revision
        if paths.count == 1, isForOne || !isForMany && GlobPattern(paths[0]).isLiteral {
            return .file(address.repository, revision: revision, path: paths[0])
        }
        guard output == nil else { throw ValidationError("'--output' is for one file; '--local-dir' is for several.") }
        var filter = PathFilter()
        filter.named = paths.map { GlobPattern($0) }
        filter.included = include.map { GlobPattern($0) }
        filter.excluded = exclude.map { GlobPattern($0) }
        return .files(address.repository, revision: revision, filter)
    }

    /// Whether something is said that means several files.
    private var isForMany: Bool {
        localDir != nil || hfCache || !include.isEmpty || !exclude.isEmpty || dryRun || json || verify
    }

    /// Whether every part of a path, or of a pattern, names something.
    private static func isPath(_ path: String, mayBeFolder: Bool) -> Bool {
        let names = mayBeFolder && path.hasSuffix("/") ? path.dropLast() : path[...]
        return CommandArguments.isPlain(path)
            && names.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
                !["", ".", ".."].contains($0)
            }
    }

    func run() async throws {
        var configuration = Assembly.Configuration(hub: try hub.address())
        try outbound.apply(to: &configuration.http)
        let outage = try retries.maximumOutage()
        let token = try hub.token()
        let target = try target()
        if case .files(let repository, let revision, let filter) = target {
            let displays = RepositoryDisplays(isQuiet: quiet)
            configuration.bodyRetry = .outlasting(outage) { displays.noteRetry($0, after: $1) }
            try await CommandFailure.reporting {
                try await Assembly.with(configuration) { parts in
                    let place = try await place(of: repository, filter)
                    let download = RepositoryDownload(
                        parts: parts.local,
                        repository: repository,
                        revision: revision,
                        token: token,
                        filter: filter,
                        place: place,
                        isVerifying: verify,
                        jobCount: jobs,
                        observer: displays,
                        onFile: { try report($0, $1) }
                    )
                    try await run(download)
                }
            }
            return
        }
        let destination = destination(of: target)
        let display = DownloadDisplay(isQuiet: quiet)
        configuration.bodyRetry = .outlasting(outage) { display.noteRetry($0, after: $1) }
        try await CommandFailure.reporting {
            // What cannot be written is known before anything is asked for.
            if let destination { _ = try OutputTarget(destination) }
            try await Assembly.with(configuration) { parts in
                let download = try await prepare(target, parts, token, display)
                if let destination {
                    try await download.toPath(destination)
                } else {
                    try await download.toStream(.standardOutput)
                }
            }
        }
    }

    /// A folder of the repository's name, as Git makes it; for named files the current one.
    private func place(of repository: Repository, _ filter: PathFilter) async throws -> any DownloadPlace {
        guard !hfCache else {
            guard let root = HubHome.files else {
                throw ValidationError("Say with HF_HOME where the official client keeps its files.")
            }
            guard let layout = HubCacheLayout(root: root, repository: repository) else {
                throw ValidationError("The official client keeps no \(repository.kind.plural) in its cache.")
            }
            return HubCachePlace(layout: layout)
        }
        // A single file has its name alone, with and without a record of it.
        let isFlat = localDir == nil && filter.isOnePath
        let name = repository.name.split(separator: "/").last ?? ""
        let folder = localDir ?? LocalPath(filter.named.isEmpty ? name : ".")
        return try await Blocking.run { FolderPlace(folder, isFlat: isFlat) }
    }

    /// Where one file goes; `nil` is standard output.
    private func destination(of target: Target) -> LocalPath? {
        if output == LocalPath("-") { return nil }
        if let output { return output }
        guard case .file(_, _, let path) = target else { return LocalPath(hash ?? "") }
        return LocalPath(bytes: LocalPath(path).name)
    }

    private func prepare(_ target: Target, _ parts: Assembly, _ token: HubToken?, _ display: DownloadDisplay)
        async throws
        -> LocalDownload
    {
        switch target {
        case .hash(let hash, let repository):
            let scope = TokenScope(repository: repository, revision: repositoryOptions.revision, token: token)
            let byteCount = try await parts.downloader.byteCount(of: hash, from: parts.cas.reconstructions(for: scope))
            let file = ResolvedFile(storage: .xet(hash), byteCount: byteCount)
            return LocalDownload(
                parts: parts.local,
                scope: scope,
                request: nil,
                file: file,
                observer: display
            )
        case .file(let repository, let revision, let path):
            let request = FileRequest(repository: repository, revision: revision, path: path, token: token)
            let file = try await RetryPolicy().run(clock: ContinuousClock()) { try await parts.hub.resolve(request) }
            return LocalDownload(
                parts: parts.local,
                scope: request.tokenScope(file),
                request: request,
                file: file,
                observer: display
            )
        case .files:
            throw ValidationError("Several files go into a folder.")
        }
    }
}
