public import ArgumentParser
public import Logging
public import XetServer

/// How a server of ours listens and logs, for commands without a configuration file.
struct ServerOptions: ParsableArguments {
    @Option(
        name: .customLong("tls-certificate"),
        help: ArgumentHelp("PEM file with the certificate and those between it and a root.", valueName: "file"),
        completion: .file()
    )
    var certificate: String?

    @Option(
        name: .customLong("tls-key"),
        help: ArgumentHelp("PEM file with the key of the certificate.", valueName: "file"),
        completion: .file()
    )
    var certificateKey: String?

    @Flag(name: .customLong("h2c"), help: "Take HTTP/2 on connections that are not encrypted.")
    var allowsCleartextHTTP2 = false

    @Option(help: ArgumentHelp("Most connections at once; 0 for no limit.", valueName: "count"))
    var maxConnections = ServerLimits().connections

    @Option(help: ArgumentHelp("Seconds that a connection may stand without a request.", valueName: "seconds"))
    var idleTimeout: UInt32 = 60

    @Option(
        help: ArgumentHelp(
            "Bytes per second that a client takes at least, and sends of a body, over 60 s of waiting; 0 for no limit.",
            valueName: "bytes"
        )
    )
    var minClientRate = ServerLimits().leastClientRate

    @Option(help: ArgumentHelp("Longest wait for running answers after SIGTERM.", valueName: "seconds"))
    var drainTimeout: UInt32 = 30

    @Option(help: ArgumentHelp("Least level that is logged: trace to critical.", valueName: "level"))
    var logLevel = Logger.Level.notice

    @Option(help: ArgumentHelp("How a line of the log is written: logfmt or json.", valueName: "format"))
    var logFormat = LogFormat.logfmt

    func validate() throws {
        guard (certificate == nil) == (certificateKey == nil) else {
            throw ValidationError("'--tls-certificate' and '--tls-key' need each other.")
        }
        guard maxConnections >= 0, (0...1 << 40).contains(minClientRate), idleTimeout > 0 else {
            throw ValidationError("'--max-connections', '--min-client-rate' or '--idle-timeout' is out of range.")
        }
    }

    /// What the server is told; the address is the command's.
    var configuration: ServerConfiguration {
        var server = ServerConfiguration()
        server.limits.connections = maxConnections
        server.limits.idleTimeout = .seconds(Int64(idleTimeout))
        server.limits.leastClientRate = minClientRate
        server.drainTimeout = .seconds(Int64(drainTimeout))
        server.allowsCleartextHTTP2 = allowsCleartextHTTP2
        if let certificate, let certificateKey {
            server.tls = TLSFiles(certificate: certificate, key: certificateKey)
        }
        return server
    }

    /// Writes to standard error.
    func logger(_ label: String) -> Logger {
        let (format, level) = (logFormat, logLevel)
        return Logger(label: label) { _ in
            StructuredLogHandler(format, level: { level }, write: { Descriptor.standardError.print($0) })
        }
    }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
extension LogFormat: ExpressibleByArgument {}
