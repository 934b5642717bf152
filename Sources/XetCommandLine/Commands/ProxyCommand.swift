import ArgumentParser
import Logging
import NIOCore
import ServiceLifecycle
import XetClient
import XetConfiguration
import XetCore
import XetProxy
import XetServer

/// The command `xet proxy`.
struct ProxyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "proxy",
        abstract: "Serve the files of a Hub over plain HTTP.",
        discussion: """
            A client asks for /download/{owner}/{repo}/{path} with its own Hub token as 'Authorization: Bearer ...' and \
            gets the file, rebuilt and verified while it streams. Open the address in a browser for more.

            Every option has one name: --name here, XET_NAME in the environment, name in a file. A flag counts more \
            than the environment, that more than the file. Sizes are such as 1.5GiB or 512MB, times such as 1m30s. SIGHUP \
            reads log-level, allow, deny and trusted-proxy again.
            """,
        version: XetVersion.current
    )

    @Option(
        help: ArgumentHelp(
            "File with options: .toml or .json. (env XET_CONFIG)",
            valueName: "file"
        ),
        completion: .file(extensions: ["toml", "json"])
    )
    var config: String?

    @Flag(help: "Print what all options are, as a configuration file without secrets, and end.")
    var printConfig = false

    // Not in a group of their own: what the parser checks in debug builds takes five times as long for each level.
    @OptionGroup(title: "Where it listens") var listening: ProxyOptions.Listening
    @OptionGroup(title: "The Hub, and the way there") var upstreams: ProxyOptions.Upstreams
    @OptionGroup(title: "Who may do what") var access: ProxyOptions.Access
    @OptionGroup(title: "What is kept") var keeping: ProxyOptions.Keeping
    @OptionGroup(title: "Limits") var limits: ProxyOptions.Limits
    @OptionGroup(title: "For operators") var operation: ProxyOptions.Operation

    /// What was given, by the names of the settings.
    private var given: [String: [String]] {
        var given = GivenFlags()
        listening.add(to: &given)
        upstreams.add(to: &given)
        access.add(to: &given)
        keeping.add(to: &given)
        limits.add(to: &given)
        operation.add(to: &given)
        return given.texts
    }

    func run() async throws {
        let reader = SettingReader(flags: given, file: config)
        let (settings, setup) = try SettingReader.reporting {
            let settings = try reader.read()
            return (settings, try ProxySetup(settings))
        }
        reader.warn()
        if printConfig {
            let title = "xet \(XetVersion.current): what 'xet proxy' runs with; usable with --config"
            return try await CommandFailure.reporting {
                try Descriptor.standardOutput.write(ByteBuffer(string: settings.toml(title: title)))
            }
        }
        let proxy = setup.proxy
        let logger = Self.logger(proxy)
        let reload = SettingReload(reader: reader, first: settings, target: proxy.settings, logger: logger)
        try await CommandFailure.reporting {
            try await Assembly.with(setup.assembly) { parts in
                let server = Proxy(proxy, upstream: parts.upstream, logger: logger)
                let service = ServerService { try await server.run(onReady: $0) }
                try await service.runUntilStopped(
                    host: proxy.server.host,
                    port: proxy.server.port,
                    scheme: proxy.server.tls == nil ? "http" : "https",
                    control: .init(drainDuration: proxy.server.drainTimeout, onReload: { reload.run() }),
                    logger: logger,
                    announce: {
                        let ready = ReadyLine(
                            address: $0,
                            hub: setup.assembly.hub,
                            isOffline: setup.assembly.http.isOffline,
                            allowsAnonymous: proxy.allowAnonymous,
                            allowsWrites: proxy.allowWrites,
                            cache: setup.assembly.cache,
                            cacheByteLimit: parts.cacheByteLimit
                        )
                        ready.write(proxy.logFormat) { Descriptor.standardError.print($0) }
                    }
                )
            }
        }
    }

    private static func logger(_ proxy: ProxyConfiguration) -> Logger {
        let settings = proxy.settings
        return Logger(label: "xet.proxy") { _ in
            StructuredLogHandler(
                proxy.logFormat,
                level: { settings.logLevel },
                write: { Descriptor.standardError.print($0) }
            )
        }
    }
}
