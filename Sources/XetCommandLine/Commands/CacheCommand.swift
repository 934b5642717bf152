import ArgumentParser
import NIOCore
import XetCache
import XetConfiguration
import XetLocal
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
            let report = try await body(store)
            if json {
                try JSONOutput.write(report)
            } else {
                try Descriptor.standardOutput.write(ByteBuffer(string: report.text))
            }
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
            abstract: "Drop what was used least, and what a killed proxy left, until a cache has a size.",
            discussion: "--size 0 empties it."
        )

        @OptionGroup var options: CacheOptions

        @Option(help: ArgumentHelp("Bytes that stay at most: a number, or one with \(ByteUnit.names) behind it."))
        var size: String

        func run() async throws {
            guard let size = ByteUnit.parse(size, .byte) else {
                throw ValidationError("'--size' is a number of bytes, or one with \(ByteUnit.names) behind it.")
            }
            try await options.run { store in
                let before = store.byteCount
                try await store.removeOrphans()
                try await store.prune(to: size)
                return CachePruneReport(bytesBefore: before, bytes: store.byteCount, runs: store.runCount)
            }
        }
    }
}
