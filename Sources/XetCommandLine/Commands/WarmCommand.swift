import ArgumentParser
import NIOCore
import Synchronization
import XetAccess
import XetClient
import XetCore
import XetLocal
import XetWire

/// The command `xet warm`.
struct WarmCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "warm",
        abstract: "Have a proxy fetch repositories into its cache, before somebody needs them.",
        discussion: """
            Files are read through the proxy, which checks each against its hash and keeps its chunks; here nothing is \
            written. What the proxy has already is left alone. Your Hub token is taken from HF_TOKEN or from where the \
            official client keeps it, and goes to the proxy.

            The exit status is 0 if the proxy has everything, as far as files are in XET; with --dry-run too.

            Examples:
              xet warm openai-community/gpt2 --through http://proxy:8080
              xet warm datasets/owner/name@v1.0 owner/model --include '*.safetensors' --through http://proxy:8080
            """
    )

    @Argument(
        help: ArgumentHelp(
            "Repositories: owner/name or owner/name@revision, perhaps with datasets/ before it, or hf:// and https addresses.",
            valueName: "repository"
        )
    )
    var repositories: [String]

    @Option(
        help: ArgumentHelp(
            "Address of the proxy; a token may stand in it. (env HF_ENDPOINT)",
            valueName: "url"
        )
    )
    var through: String?

    @OptionGroup var repositoryOptions: RepositoryOptions
    @OptionGroup var outbound: OutboundOptions
    @OptionGroup var retries: RetryOptions

    @Option(help: ArgumentHelp("Only what this pattern means; can be repeated.", valueName: "pattern"))
    var include: [String] = []

    @Option(help: ArgumentHelp("Leave out what this pattern means; can be repeated.", valueName: "pattern"))
    var exclude: [String] = []

    @Option(name: .shortAndLong, help: ArgumentHelp("Files at once.", valueName: "count"))
    var jobs = 4

    @Flag(help: "Say what the proxy has and what not, and fetch nothing.")
    var dryRun = false

    @Flag(help: "Print a JSON object for each file, and one at the end.")
    var json = false

    @Flag(name: .shortAndLong, help: "Show no progress.")
    var quiet = false

    /// A repository at a revision.
    private struct Target {
        let repository: Repository
        let revision: String
        let filter: PathFilter
    }

    func validate() throws {
        guard (1...256).contains(jobs) else { throw ValidationError("'--jobs' is a number from 1 to 256.") }
        guard !repositories.isEmpty else { throw ValidationError("Say which repositories.") }
        _ = try targets(proxy().address())
    }

    private func proxy() throws -> HubOptions {
        guard let text = through ?? Environment["HF_ENDPOINT"] else {
            throw ValidationError("Say with '--through' which proxy is to fetch them.")
        }
        var options = HubOptions()
        options.endpoint = text
        return options
    }

    private func targets(_ proxy: HTTPAddress) throws -> [Target] {
        try repositories.map { text in
            let address = try repositoryOptions.address(text, hub: proxy)
            var filter = PathFilter()
            filter.named = address.path.map { [GlobPattern($0)] } ?? []
            filter.included = include.map { GlobPattern($0) }
            filter.excluded = exclude.map { GlobPattern($0) }
            return Target(
                repository: address.repository,
                revision: address.revision ?? repositoryOptions.revision,
                filter: filter
            )
        }
    }

    func run() async throws {
        let proxy = try proxy()
        let address = try proxy.address()
        let targets = try targets(address)
        let token = try proxy.token()
        var configuration = Assembly.Configuration(hub: address)
        try outbound.apply(to: &configuration.http)
        let displays = RepositoryDisplays(isQuiet: quiet)
        configuration.bodyRetry = .outlasting(try retries.maximumOutage()) { displays.noteRetry($0, after: $1) }
        let start = ContinuousClock.now
        let summary = Mutex(CacheWarming.Summary())
        try await CommandFailure.reporting { [configuration] in
            try await Interruption.handling {
                try await Assembly.with(configuration) { parts in
                    for target in targets {
                        let found = try await warm(target, parts, token, displays)
                        summary.withLock { $0.add(found) }
                    }
                }
            } describe: { interruption, _ in
                interruption
            }
            try tell(summary.withLock { $0 }, since: start)
        }
    }

    private func warm(
        _ target: Target,
        _ parts: Assembly,
        _ token: HubToken?,
        _ displays: RepositoryDisplays
    ) async throws -> CacheWarming.Summary {
        let warming = CacheWarming(
            hub: parts.hub,
            retry: parts.bodyRetry,
            repository: target.repository,
            revision: target.revision,
            token: token,
            filter: target.filter,
            jobCount: jobs,
            observer: displays,
            onFile: { try report($0, target.repository, $1, $2) }
        )
        return dryRun ? try await warming.plan() : try await warming.run()
    }
}

// MARK: What is said

extension WarmCommand {
    /// What `--json` prints of a file.
    private struct FileEvent: Encodable {
        let event = "file"
        let repository: String
        let path: String
        let size: UInt64
        let state: CacheWarming.Outcome
        let error: String?
    }

    /// What `--json` prints at the end.
    private struct EndEvent: Encodable {
        let event = "end"
        let files: Int
        let bytes: UInt64
        let fetchedFiles: Int
        let fetchedBytes: UInt64
        let plainFiles: Int
        let absentFiles: Int
        let seconds: Double
    }

    private func report(
        _ item: RepositoryListing.Item,
        _ repository: Repository,
        _ outcome: CacheWarming.Outcome,
        _ error: (any Error)?
    ) throws {
        let reason = (error as? XetError).map(FailureText.text)
        if json {
            try JSONOutput.writeLine(
                FileEvent(
                    repository: "\(repository)",
                    path: item.path.text,
                    size: item.byteCount,
                    state: outcome,
                    error: reason
                )
            )
        } else if dryRun {
            try FileLine.write(size: item.byteCount, state: outcome.rawValue, path: item.path.text)
        }
        switch outcome {
        case .failed: CommandFailure.print("\(item.path.text): \(reason ?? "cannot be read")")
        case .notKept:
            CommandFailure.print("\(item.path.text): the proxy did not keep all of it; is its cache too small?")
        default: break
        }
    }

    private func tell(_ summary: CacheWarming.Summary, since start: ContinuousClock.Instant) throws {
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        if json {
            try JSONOutput.writeLine(
                EndEvent(
                    files: summary.fileCount,
                    bytes: summary.byteCount,
                    fetchedFiles: summary.fetchedCount,
                    fetchedBytes: summary.fetchedByteCount,
                    plainFiles: summary.plainCount,
                    absentFiles: summary.absentCount,
                    seconds: seconds
                )
            )
        }
        if !quiet {
            let verb = dryRun ? "would be fetched" : "fetched and verified in \(Int(seconds.rounded())) s"
            var parts = [
                "\(summary.fileCount) files, \(ReadableSize.text(summary.byteCount)): \(summary.fetchedCount) "
                    + "(\(ReadableSize.text(summary.fetchedByteCount))) \(verb)"
            ]
            if summary.plainCount > 0 {
                parts.append("\(summary.plainCount) not in XET, which the proxy keeps no chunks of")
            }
            if summary.absentCount > 0 { parts.append("\(summary.absentCount) not there") }
            Descriptor.standardError.print(parts.joined(separator: "; "))
        }
        guard summary.absentCount > 0 else { return }
        // What failed first has been said.
        throw summary.failure.map(CommandFailure.status) ?? ExitCode.failure
    }
}
