import ArgumentParser
import NIOCore
import XetCache
import XetConfiguration
import XetLocal
import XetSharing
import _NIOFileSystem

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The command `xet cache`.
struct CacheCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache",
        abstract: "Look at the cache of a proxy that does not run, check it, make it smaller.",
        discussion: "While a proxy runs, its folder is its own, and what is in it says the proxy: at / and /metrics.",
        subcommands: [Status.self, Verify.self, List.self, Prune.self]
    )
}

/// What all of them need.
struct CacheOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("Folder of the cache.", valueName: "dir"), completion: .directory)
    var folder: LocalPath

    @Flag(help: "Print JSON.")
    var json = false

    /// Runs `body` with the cache, which is nobody else's meanwhile, and prints what it returns.
    func run(_ body: (DiskChunkStore) async throws -> some Report) async throws {
        try await Self.reporting(folder) { store in
            try write(try await body(store))
        }
    }

    /// Runs `body` with the cache of a folder, which is created if it need not exist; failures become a line on
    /// standard error.
    static func reporting(
        _ folder: LocalPath,
        isExisting: Bool = true,
        time: @escaping @Sendable () -> Int64 = { 0 },
        _ body: (DiskChunkStore) async throws -> Void
    ) async throws {
        try await CommandFailure.reporting {
            let store: DiskChunkStore
            do {
                store = try await DiskChunkStore.open(
                    FilePath(String(decoding: folder.bytes, as: UTF8.self)),
                    isExisting: isExisting,
                    time: time
                )
            } catch let error as CacheFolderError {
                CommandFailure.print("\(error)")
                throw ExitCode.failure
            }
            do {
                try await body(store)
                await store.close()
            } catch {
                await store.close()
                throw error
            }
        }
    }
}

extension CacheOptions {
    /// Prints a report as it was asked for.
    func write(_ report: some Report) throws {
        if json {
            try JSONOutput.write(report)
        } else {
            try Descriptor.standardOutput.write(ByteBuffer(string: report.text))
        }
    }
}

extension CacheCommand {
    /// The command `xet cache status`.
    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "status", abstract: "Show what is in a cache.")

        @OptionGroup var options: CacheOptions

        func run() async throws {
            try await options.run { store in
                CacheStatusReport(try await store.summary(), now: Int64(Date().timeIntervalSince1970))
            }
        }
    }

    /// The command `xet cache verify`.
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify",
            abstract: "Read everything, and drop what is damaged.",
            discussion: """
                What is dropped is fetched anew when somebody asks for it. The exit status is 0 all the same, and 1 if the \
                folder cannot be read.
                """
        )

        @OptionGroup var options: CacheOptions

        func run() async throws {
            try await options.run { store in
                var bar = ProgressBar("verify", total: UInt64(store.byteCount), isQuiet: options.json)
                defer { bar.finish() }
                return CacheVerifyReport(try await store.verify { bar.advance(to: UInt64($0)) })
            }
        }
    }

    /// The command `xet cache list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "Print the chunks that are kept and proven, for 'xet bundle create --have'.",
            discussion: "A line has the hash of a xorb, its first chunk that is there, and the one after the last."
        )

        @Argument(help: ArgumentHelp("Folder of the cache.", valueName: "dir"), completion: .directory)
        var folder: LocalPath

        func run() async throws {
            try await CacheOptions.reporting(folder) { try ChunkListFile.write(try await $0.provenChunks()) }
        }
    }

    /// The command `xet cache prune`.
    struct Prune: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "prune",
            abstract:
                "Drop what was used least until a cache has a size, or from a shared store what nobody used for a time.",
            discussion: """
                A folder is pruned to --size, 0 empties it; what a killed proxy left goes too. Of s3://BUCKET/PREFIX goes what \
                is older than --older-than: proxies that run make young what they use, and may run meanwhile.
                """
        )

        @OptionGroup var options: CacheOptions

        @Option(help: ArgumentHelp("Bytes that stay at most: a number, or one with \(ByteUnit.names) behind it."))
        var size: String?

        @Option(
            help: ArgumentHelp(
                "Age of what goes from a store: a time such as 1d or 36h. (default: 1d)",
                valueName: "time"
            )
        )
        var olderThan: String?

        @Flag(help: "Only say what would go from a store.")
        var dryRun = false

        @OptionGroup(title: "Options for a store") var store: StoreOptions

        private var place: String { String(decoding: options.folder.bytes, as: UTF8.self) }

        func run() async throws {
            if place.hasPrefix("s3://") { try await pruneStore() } else { try await pruneFolder() }
        }

        private func pruneFolder() async throws {
            guard olderThan == nil, !dryRun else {
                throw ValidationError("'--older-than' and '--dry-run' are for a store: s3://BUCKET/PREFIX.")
            }
            guard let size, let size = ByteUnit.parse(size, .byte) else {
                throw ValidationError("'--size' is a number of bytes, or one with \(ByteUnit.names) behind it.")
            }
            try await options.run { store in
                let before = store.byteCount
                try await store.removeOrphans()
                try await store.prune(to: size)
                return CachePruneReport(bytesBefore: before, bytes: store.byteCount, runs: store.runCount)
            }
        }

        private func pruneStore() async throws {
            guard size == nil else { throw ValidationError("'--size' is for a folder: of a store goes what is old.") }
            guard let age = TimeUnit.parse(olderThan ?? "1d") else {
                throw ValidationError("'--older-than' is a time such as 1d or 36h, of \(TimeUnit.names).")
            }
            try await CommandFailure.reporting {
                let outcome = try await store.withStore(place) { store in
                    let now = Int64(clamping: Assembly.time())
                    return try await StorePruning(store.objects)
                        .prune(before: now - age.components.seconds, removes: !dryRun)
                }
                try options.write(StorePruneReport(outcome))
            }
        }
    }
}
