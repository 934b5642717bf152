import ArgumentParser
import NIOCore
import XetAccess
import XetBundle
import XetLocal
import XetWire

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The command `xet bundle`.
struct BundleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bundle",
        abstract: "Carry repositories to where no Hub can be reached, in one file.",
        discussion: """
            A bundle has the chunks of files, what the Hub says of them, and a signature. It is written and read from \
            front to back, so a pipe or a tape will do:
              xet bundle create owner/model -o - | ssh inside xet bundle import - --cache /var/cache/xet
            """,
        subcommands: [Create.self, Verify.self, List.self, Import.self, Keygen.self]
    )
}

/// Which signatures are taken.
struct BundleTrustOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Public key, as 'openssl pkey -pubout' writes it: take only what it has signed; can be repeated.",
            valueName: "file"
        ),
        completion: .file()
    )
    var trustKey: [LocalPath] = []

    func keys() throws -> [VerifyingKey] { try trustKey.map(BundleKeyFiles.verifyingKey) }
}

extension BundleCommand {
    /// The command `xet bundle create`.
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create",
            abstract: "Write a bundle of repositories, from a Hub or through a proxy.",
            discussion: """
                Every file is checked against its hash before the end of the bundle is written. Your Hub token is \
                taken from HF_TOKEN or from where the official client keeps it; it is not in the bundle, and neither is any \
                address that is signed.

                Examples:
                  xet bundle create openai-community/gpt2 -o gpt2.bundle
                  xet bundle create owner/model@v2 --since v1.bundle -o v2.bundle --sign-key key.pem
                """
        )

        @Argument(
            help: ArgumentHelp(
                "Repositories: owner/name or owner/name@revision, perhaps with datasets/ before it, or their addresses.",
                valueName: "repository"
            )
        )
        var repositories: [String]

        @Option(
            name: .shortAndLong,
            help: ArgumentHelp("The bundle; - is standard output.", valueName: "file"),
            completion: .file()
        )
        var output: LocalPath

        @OptionGroup var hub: HubOptions
        @OptionGroup var repositoryOptions: RepositoryOptions
        @OptionGroup var outbound: OutboundOptions
        @OptionGroup var retries: RetryOptions

        @Option(help: ArgumentHelp("Only what this pattern means; can be repeated.", valueName: "pattern"))
        var include: [String] = []

        @Option(help: ArgumentHelp("Leave out what this pattern means; can be repeated.", valueName: "pattern"))
        var exclude: [String] = []

        @Option(
            help: ArgumentHelp("Leave out the chunks of this bundle; can be repeated.", valueName: "bundle"),
            completion: .file()
        )
        var since: [LocalPath] = []

        @Option(
            help: ArgumentHelp(
                "Leave out the chunks of this list, as 'xet bundle list' and 'xet cache list' print it.",
                valueName: "file"
            ),
            completion: .file()
        )
        var have: LocalPath?

        @Option(
            help: ArgumentHelp(
                "Sign with this Ed25519 key, as 'openssl genpkey -algorithm ed25519' writes it.",
                valueName: "file"
            ),
            completion: .file()
        )
        var signKey: LocalPath?

        @Flag(help: "Print JSON.")
        var json = false

        @Flag(name: .shortAndLong, help: "Show no progress.")
        var quiet = false

        func validate() throws {
            guard !repositories.isEmpty else { throw ValidationError("Say which repositories.") }
            guard !json || output != LocalPath("-") else {
                throw ValidationError("'--json' and '--output -' exclude each other.")
            }
            _ = try targets()
        }

        private func targets() throws -> [BundleCreation.Target] {
            let address = try hub.address()
            return try repositories.map { text in
                let found = try repositoryOptions.address(text, hub: address)
                var filter = PathFilter()
                filter.named = found.path.map { [GlobPattern($0)] } ?? []
                filter.included = include.map { GlobPattern($0) }
                filter.excluded = exclude.map { GlobPattern($0) }
                return BundleCreation.Target(
                    repository: found.repository,
                    revision: found.revision ?? repositoryOptions.revision,
                    filter: filter
                )
            }
        }

        func run() async throws {
            let targets = try targets()
            let token = try hub.token()
            var configuration = Assembly.Configuration(hub: try hub.address())
            try outbound.apply(to: &configuration.http)
            configuration.bodyRetry = .outlasting(try retries.maximumOutage())
            let start = ContinuousClock.now
            try await CommandFailure.reporting { [configuration] in
                let key = try signKey.map(BundleKeyFiles.signingKey)
                let base = try await BundleFile.ledger(of: since, isQuiet: quiet)
                let known = try have.map(Self.list) ?? ChunkSet()
                try await Interruption.handling {
                    try await Assembly.with(configuration) { parts in
                        let bar = SharedProgress("bundle", total: nil, isQuiet: quiet)
                        defer { bar.finish() }
                        let creation = BundleCreation(
                            parts: parts.local,
                            token: token,
                            base: base,
                            have: known,
                            key: key,
                            time: { Int64(clamping: Assembly.time()) },
                            progress: { done, _ in bar.advance(to: done) }
                        )
                        let summary = try await write(creation, targets)
                        try tell(summary, since: start)
                    }
                } describe: { interruption, _ in
                    interruption
                }
            }
        }

        private func write(
            _ creation: BundleCreation,
            _ targets: [BundleCreation.Target]
        ) async throws -> BundleCreation.Summary {
            var output = try BundleOutput(output)
            do {
                let summary = try await creation.run(targets) { try await output.write($0) }
                try await output.commit()
                return summary
            } catch {
                output.abandon()
                throw error
            }
        }

        private static func list(_ path: LocalPath) throws -> ChunkSet {
            try ChunkListFile.read(path)
        }

        private func tell(_ summary: BundleCreation.Summary, since start: ContinuousClock.Instant) throws {
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            if json { try JSONOutput.write(BundleCreateReport(summary, seconds: seconds)) }
            guard !quiet else { return }
            var text =
                "\(summary.fileCount) files, \(ReadableSize.text(summary.fileByteCount)); "
                + "bundle: \(ReadableSize.text(summary.byteCount)), "
                + "\(summary.counts.chunkCount) chunks of \(ReadableSize.text(summary.counts.chunkByteCount))"
            if summary.uncheckedFileCount > 0 {
                text += "; \(summary.uncheckedFileCount) files need chunks of the list, and were not checked whole"
            }
            Descriptor.standardError.print(text)
        }
    }

    /// The command `xet bundle verify`.
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify",
            abstract: "Read a bundle, and check every byte of it.",
            discussion:
                "The exit status is 0 if it is whole, 6 if not, and 4 if it is not signed by a key that is trusted."
        )

        @Argument(
            help: ArgumentHelp("The bundle; - is standard input.", valueName: "file"),
            completion: .file()
        )
        var file: LocalPath

        @Option(
            help: ArgumentHelp("Bundle that it builds on; can be repeated.", valueName: "bundle"),
            completion: .file()
        )
        var since: [LocalPath] = []

        @OptionGroup var trust: BundleTrustOptions

        @Flag(help: "Print JSON.")
        var json = false

        @Flag(name: .shortAndLong, help: "Show no progress.")
        var quiet = false

        func run() async throws {
            try await CommandFailure.reporting {
                let trusted = try trust.keys()
                let base = try await BundleFile.ledger(of: since, isQuiet: quiet)
                let found = try await BundleFile.inspect(file, trusted: trusted, base: base, isQuiet: quiet)
                let report = BundleVerifyReport(found)
                if json {
                    try JSONOutput.write(report)
                } else {
                    try Descriptor.standardOutput.write(ByteBuffer(string: report.text))
                }
            }
        }
    }

    /// The command `xet bundle list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "Print the chunks of a bundle, for 'xet bundle create --have'.",
            discussion: "A line has the hash of a xorb, its first chunk that is there, and the one after the last."
        )

        @Argument(
            help: ArgumentHelp("The bundle; - is standard input.", valueName: "file"),
            completion: .file()
        )
        var file: LocalPath

        func run() async throws {
            try await CommandFailure.reporting {
                try ChunkListFile.write(try await BundleFile.inspect(file, isQuiet: true).chunks)
            }
        }
    }

    /// The command `xet bundle keygen`.
    struct Keygen: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "keygen",
            abstract: "Make a pair of keys to sign bundles with.",
            discussion: """
                FILE gets the secret key, for '--sign-key', and FILE.pub the public one, for '--trust-key'. Neither \
                may be there already. OpenSSL reads both and makes the same: 'openssl genpkey -algorithm ed25519', \
                'openssl pkey -pubout'.
                """
        )

        @Option(
            name: .shortAndLong,
            help: ArgumentHelp("The file of the secret key.", valueName: "file"),
            completion: .file()
        )
        var output: LocalPath

        func run() async throws {
            try await CommandFailure.reporting {
                let key = SigningKey()
                let publicPath = LocalPath(bytes: output.bytes + Array(".pub".utf8))
                try BundleKeyFiles.write(key.pem, to: output, isSecret: true)
                try BundleKeyFiles.write(key.verifyingKey.pem, to: publicPath, isSecret: false)
            }
        }
    }
}
