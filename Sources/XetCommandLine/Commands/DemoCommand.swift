import ArgumentParser
import AsyncHTTPClient
import Crypto
import FoundationEssentials
import Logging
import NIOCore
import NIOHTTP1
import XetAccess
import XetCore
import XetLocal
import XetOrigin
import XetProxy
import XetServer
import XetWire

/// The command `xet demo`.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Show the proxy at work, with no account and no internet.",
        discussion: """
            Starts an origin with sample repositories and a proxy in front of it, downloads a file through the proxy, \
            checks it, prints commands to try, and stays up until Ctrl-C.
            """
    )

    @Option(help: ArgumentHelp("Port of the proxy; 0 picks a free one.", valueName: "port"))
    var port = 0

    @Option(help: ArgumentHelp("Folder for the samples. (default: a new temporary folder)", valueName: "folder"))
    var folder: String?

    func run() async throws {
        let folder = folder.map { URL(filePath: $0) } ?? Self.temporaryFolder()
        defer { if self.folder == nil { try? FileManager.default.removeItem(at: folder) } }
        var logger = Logger(label: "xet.demo") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning
        let port = port
        let service = ServerService { [logger] onReady in
            try await Self.serve(folder, port: port, logger, onReady)
        }
        try await CommandFailure.reporting {
            try await service.runUntilStopped(
                host: "127.0.0.1",
                port: port,
                control: .init(interrupt: .graceful),
                logger: logger,
                announce: { Descriptor.standardError.print("xet demo ready on \($0)") }
            )
        }
    }

    private static func temporaryFolder() -> URL {
        FileManager.default.temporaryDirectory.appending(path: "xet-demo-\(UUID().uuidString)")
    }

    /// Origin, proxy in front, and a download through both once they are ready.
    private static func serve(
        _ folder: URL,
        port: Int,
        _ logger: Logger,
        _ onReady: @escaping @Sendable (Int) async -> Void
    ) async throws {
        say("writing sample repositories to \(folder.path)")
        try SampleRepositories.write(to: folder)
        say("storing them as XET: chunks, xorbs, shards")
        var settings = OriginConfiguration(folder: folder.path, dataFolder: folder.path + "/.xet")
        // The samples are finished.
        settings.settleSeconds = 0
        let origin = try await Origin(settings, logger: logger)
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                // A server that ends, for example because its port is taken, must not be waited for.
                defer { continuation.finish() }
                try await origin.run { continuation.yield($0) }
            }
            var ready = ports.makeAsyncIterator()
            guard let originPort = await ready.next(), let hub = HTTPAddress("http://127.0.0.1:\(originPort)") else {
                _ = try await group.next()
                return
            }
            say("origin (Hub and CAS) on \(hub.origin)")
            group.addTask {
                defer { continuation.finish() }
                try await Assembly.with(.init(hub: hub)) { parts in
                    var configuration = ProxyConfiguration()
                    configuration.server.host = "127.0.0.1"
                    configuration.server.port = port
                    configuration.allowAnonymous = true
                    let proxy = Proxy(configuration, upstream: parts.upstream, logger: logger)
                    try await proxy.run { continuation.yield($0) }
                }
            }
            guard let proxyPort = await ready.next() else {
                _ = try await group.next()
                return
            }
            let base = "http://127.0.0.1:\(proxyPort)"
            try await showDownload(base, folder)
            showCommands(base)
            await onReady(proxyPort)
            try await group.next()
        }
    }

    /// Downloads the model through the proxy and compares its SHA-256 with that of the sample.
    private static func showDownload(_ base: String, _ folder: URL) async throws {
        let url = "\(base)/download/\(SampleRepositories.model)/\(SampleRepositories.modelFile)"
        let response = try await HTTPClient.shared.execute(HTTPClientRequest(url: url), timeout: .seconds(60))
        guard response.status == .ok else { throw XetError(.invalidResponse, "\(url) answered \(response.status)") }
        var hasher = SHA256()
        var byteCount = 0
        let began = ContinuousClock.now
        for try await piece in response.body {
            hasher.update(data: Array(piece.readableBytesView))
            byteCount += piece.readableBytes
        }
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        let received = hasher.finalize()
        var original = SHA256()
        let sample = folder.appending(path: "models/\(SampleRepositories.model)/\(SampleRepositories.modelFile)")
        let file = try ReadableFile(path: LocalPath(sample.path))
        var block: [UInt8] = []
        repeat {
            try block.replace(capacity: 1 << 20) { try file.readNext(into: &$0) }
            original.update(data: block)
        } while !block.isEmpty
        guard received == original.finalize() else { throw XetError(.corrupt, "the download differs from the sample") }
        let hex = received.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        say("downloaded \(byteCount) bytes through the proxy in \(Int(seconds * 1000)) ms")
        say("sha256 \(hex): the same as the sample's")
    }

    private static func showCommands(_ base: String) {
        let program = CommandLine.arguments.first ?? "xet"
        say(
            """

            Try:
              HF_ENDPOINT=\(base) hf download \(SampleRepositories.model)
              HF_ENDPOINT=\(base) \(program) download \(SampleRepositories.model)
              HF_ENDPOINT=\(base) \(program) list datasets/demo/lines
              curl -fLO \(base)/download/\(SampleRepositories.model)/\(SampleRepositories.modelFile)
              curl -fL -r 0-99 "\(base)/download/datasets/demo/lines/data/train%20set%20%231.csv"
            and open \(base) in a browser. Ctrl-C ends the demo.

            """
        )
    }

    private static func say(_ text: String) {
        Descriptor.standardError.print(text)
    }
}
