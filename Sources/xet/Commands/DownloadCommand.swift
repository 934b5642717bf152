import ArgumentParser
import FoundationEssentials
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
        abstract: "Download one file, verified.",
        discussion: """
            The file is written beside its final name until it is whole and verified, then replaces what has that name; \
            run the same command again to go on after an interruption. If the same file is there already nothing is \
            downloaded. Your Hub token is taken from HF_TOKEN or from where the official client keeps it.

            Examples:
              xet download openai-community/gpt2 model.safetensors
              xet download datasets/owner/name data/train.parquet --output train.parquet
              xet download --hash 1d5c...e0 --repo owner/name --output weights.bin
            """
    )

    @Argument(help: "Repository: owner/name, perhaps with datasets/, spaces/, kernels/ or buckets/ before it.")
    var repository: String?

    @Argument(help: "Path of the file in the repository.")
    var path: String?

    @OptionGroup var repositoryOptions: RepositoryOptions
    @OptionGroup var hub: HubOptions
    @OptionGroup var outbound: OutboundOptions
    @OptionGroup var retries: RetryOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("File to write; - is standard output.", valueName: "file"),
        completion: .file()
    )
    var output: LocalPath?

    @Option(help: ArgumentHelp("Download the file with this XET hash, with the rights of --repo.", valueName: "hash"))
    var hash: String?

    @Option(help: ArgumentHelp("With --hash: the repository whose rights are used.", valueName: "repo"))
    var repo: String?

    @Flag(name: .shortAndLong, help: "Show no progress.")
    var quiet = false

    func validate() throws {
        guard let hash else {
            guard repository != nil, let path else {
                throw ValidationError("Say which file: 'xet download REPO PATH', or --hash with --repo.")
            }
            guard repo == nil else { throw ValidationError("'--repo' goes with --hash; REPO stands before PATH.") }
            guard Self.isFilePath(path) else {
                throw ValidationError("'\(DisplayText.escaped(path))' is no path of a file in a repository.")
            }
            return
        }
        guard repository == nil, path == nil, repo != nil else {
            throw ValidationError("With --hash give --repo and no other file.")
        }
        guard FileHash(hash) != nil else { throw ValidationError("A hash has 64 hex digits.") }
    }

    /// Whether every part of a path names something.
    private static func isFilePath(_ path: String) -> Bool {
        CommandArguments.isPlain(path)
            && path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
                !["", ".", ".."].contains($0)
            }
    }

    func run() async throws {
        var configuration = Assembly.Configuration(hub: try hub.address())
        try outbound.apply(to: &configuration.http)
        let display = DownloadDisplay(isQuiet: quiet)
        configuration.bodyRetry = .outlasting(try retries.maximumOutage()) { display.noteRetry($0, after: $1) }
        let token = try hub.token()
        try await CommandFailure.reporting {
            // What cannot be written is known before anything is asked for.
            if let destination { _ = try OutputTarget(destination) }
            try await Assembly.with(configuration) { parts in
                let download = try await prepare(parts, token, display)
                if let destination {
                    try await download.toPath(destination)
                } else {
                    try await download.toStream(.standardOutput)
                }
            }
        }
    }

    /// Where the file goes; `nil` is standard output.
    private var destination: LocalPath? {
        if output == LocalPath("-") { return nil }
        return output ?? path.map { LocalPath(bytes: LocalPath($0).name) } ?? LocalPath(hash ?? "")
    }

    private func prepare(_ parts: Assembly, _ token: HubToken?, _ display: DownloadDisplay) async throws
        -> LocalDownload
    {
        if let hash {
            guard let hash = FileHash(hash) else { throw ValidationError("A hash has 64 hex digits.") }
            let repository = try repositoryOptions.repository(repo ?? "")
            let scope = TokenScope(repository: repository, revision: repositoryOptions.revision, token: token)
            let byteCount = try await parts.downloader.byteCount(of: hash, from: parts.cas.reconstructions(for: scope))
            let file = ResolvedFile(storage: .xet(hash), byteCount: byteCount)
            return LocalDownload(
                parts: parts,
                scope: scope,
                request: nil,
                file: file,
                isQuiet: quiet,
                display: display
            )
        }
        let request = FileRequest(
            repository: try repositoryOptions.repository(repository ?? ""),
            revision: repositoryOptions.revision,
            path: path ?? "",
            token: token
        )
        let file = try await RetryPolicy().run(clock: ContinuousClock()) { try await parts.hub.resolve(request) }
        let scope = request.tokenScope(file)
        return LocalDownload(
            parts: parts,
            scope: scope,
            request: request,
            file: file,
            isQuiet: quiet,
            display: display
        )
    }
}
