import ArgumentParser
import FoundationEssentials
import Logging
import ServiceLifecycle
import Synchronization
import XetOrigin
import XetServer
import XetWire

/// Serves a folder as a small Hub and CAS.
struct OriginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "origin",
        abstract: "Serve a folder as a small Hub with a CAS, for trials, tests and private networks.",
        discussion: """
            Every folder models/OWNER/NAME, datasets/OWNER/NAME, spaces/OWNER/NAME or kernels/OWNER/NAME below the \
            folder is a repository with the revision main. Clients are pointed here with HF_ENDPOINT=http://HOST:PORT. The \
            folder is read when the origin starts, and looked at again from time to time and on SIGHUP; large files are \
            stored as XET in the data folder, once.

            A token file says who may see and read what. It is JSON, and all keys are optional:

            {"private": ["models/acme/secret"], "gated": ["datasets/acme/*"],
             "tokens": {"hf_alice": {"name": "alice", "read": ["models/acme/*"], "write": ["models/alice/*"]}}}

            Private repositories are shown to those only who may read or write them; the files of gated ones are given \
            to those only. Everything else is public. Without a token file everything is, and whoever has any token \
            may upload to the CAS.
            """
    )

    @Argument(help: ArgumentHelp("Folder with models/, datasets/, spaces/ and kernels/.", valueName: "folder"))
    var folder: String

    @Option(help: ArgumentHelp("Address to listen on.", valueName: "address"))
    var host = "127.0.0.1"

    @Option(help: ArgumentHelp("Port to listen on; 0 picks a free one.", valueName: "port"))
    var port = 9000

    @Option(help: ArgumentHelp("Folder for xorbs and shards. (default: .xet in the folder)", valueName: "folder"))
    var data: String?

    @Option(help: ArgumentHelp("Files of at least so many bytes are stored as XET.", valueName: "bytes"))
    var threshold = OriginConfiguration.defaultThreshold

    @Option(
        help: ArgumentHelp(
            "Seconds between two looks for new and changed files; 0 looks on SIGHUP only.",
            valueName: "seconds"
        )
    )
    var scanInterval = OriginConfiguration.defaultScanInterval

    @Option(help: ArgumentHelp("JSON file that says who may see and read what.", valueName: "file"))
    var tokenFile: String?

    @Option(
        name: .customLong("public-url"),
        help: ArgumentHelp("Address in answers, if it is not the one that clients ask for.", valueName: "url")
    )
    var publicURL: String?

    @Option(help: ArgumentHelp("Seconds that a CAS token is good.", valueName: "seconds"))
    var tokenLifetime = OriginConfiguration.defaultLifetime

    @Option(
        name: .customLong("url-lifetime"),
        help: ArgumentHelp("Seconds that a signed address is good.", valueName: "seconds")
    )
    var addressLifetime = OriginConfiguration.defaultLifetime

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let configuration = try configuration()
        let logger = server.logger("xet.origin")
        let running = RunningOrigin()
        let service = ServerService { onReady in
            let bar = IngestBar()
            // Reading can take long, and nothing is lost when it stops: a signal ends it at once.
            let origin = try await cancelWhenGracefulShutdown {
                try await Origin(configuration, logger: logger, onProgress: bar.show)
            }
            bar.clear()
            running.set(origin)
            try await origin.run(onReady: onReady)
        }
        do {
            try await CommandFailure.reporting {
                try await service.runUntilStopped(
                    host: host,
                    port: port,
                    scheme: configuration.server.tls == nil ? "http" : "https",
                    control: ServerService.Control(
                        drainDuration: configuration.server.drainTimeout,
                        onReload: { running.rescan() }
                    ),
                    logger: logger,
                    announce: { Descriptor.standardError.print("xet origin ready on \($0)") }
                )
            }
        } catch OriginError.noFolder(let path) {
            throw ValidationError("'\(path)' is not a folder.")
        } catch OriginError.dataFolderInUse(let path) {
            try fail("another origin uses the data folder '\(path)'")
        } catch let error as OriginError {
            try fail("\(error)")
        }
    }

    private func fail(_ message: String) throws {
        CommandFailure.print(message)
        throw ExitCode.failure
    }

    private func configuration() throws -> OriginConfiguration {
        guard (0...65535).contains(port) else { throw ValidationError("A port is 0 to 65535.") }
        var configuration = OriginConfiguration(folder: folder, dataFolder: data ?? "\(folder)/.xet")
        configuration.server = server.configuration
        configuration.server.host = host
        configuration.server.port = port
        configuration.threshold = threshold
        configuration.scanInterval = scanInterval
        configuration.tokenLifetime = tokenLifetime
        configuration.addressLifetime = addressLifetime
        if let publicURL {
            guard let address = HTTPAddress(publicURL) else {
                throw ValidationError("'--public-url' is an http or https address.")
            }
            configuration.publicURL = address
        }
        if let tokenFile {
            configuration.rules = try rules(tokenFile)
        }
        return configuration
    }

    private func rules(_ path: String) throws -> AccessRules {
        do {
            return try AccessRules(json: Data(contentsOf: URL(filePath: path)))
        } catch let error as AccessRulesError {
            throw ValidationError("The token file '\(path)' cannot be used: \(error)")
        } catch {
            throw ValidationError("The token file '\(path)' cannot be read.")
        }
    }
}

/// The origin that serves, once it does.
private final class RunningOrigin: Sendable {
    private let origin = Mutex<Origin?>(nil)

    func set(_ origin: Origin) {
        self.origin.withLock { $0 = origin }
    }

    func rescan() {
        origin.withLock { $0 }?.rescan()
    }
}

/// Shows how far the reading of the folder is, for several tasks to call.
private final class IngestBar: Sendable {
    private let bar = Mutex<ProgressBar?>(nil)

    func show(_ progress: IngestProgress) {
        bar.withLock { bar in
            if bar == nil {
                bar = ProgressBar("storing", total: progress.byteCount)
            }
            bar?.advance(to: progress.doneByteCount)
        }
    }

    func clear() {
        var last = bar.withLock { $0.take() }
        last?.finish()
    }
}
