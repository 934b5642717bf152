import ArgumentParser
import XetConfiguration
import XetWire

/// The command `xet health`.
struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Ask a running proxy whether it is well: exit status 0 if so, 1 if not.",
        discussion: """
            Without --url it asks the proxy of this machine, or of this container, where the environment and the file \
            that XET_CONFIG names put it. Nothing secret is sent, and a certificate is not checked.
            """
    )

    @Option(help: ArgumentHelp("Address of the proxy. (default: http://127.0.0.1:8080, as XET_HOST and XET_PORT say)"))
    var url: String?

    @Flag(help: "Ask whether it can serve now (/readyz), not only whether it runs (/health).")
    var ready = false

    @Option(help: ArgumentHelp("Seconds that it has to answer.", valueName: "seconds"))
    var timeout = 3

    func validate() throws {
        guard (1...3600).contains(timeout) else { throw ValidationError("'--timeout' is 1 to 3600.") }
    }

    func run() async throws {
        let probe = HealthProbe(address: try base().appending(ready ? "/readyz" : "/health"), timeout: timeout)
        switch await probe.ask() {
        case .well(let text):
            Descriptor.standardOutput.print(text)
        case .unwell(let text):
            CommandFailure.print(text)
            throw ExitCode.failure
        }
    }

    private func base() throws -> HTTPAddress {
        guard let url else { return try Self.localAddress() }
        guard let address = HTTPAddress(url) else { throw ValidationError("'--url' is an http or https URL.") }
        return address
    }

    /// Where a proxy listens that was started with the same environment.
    private static func localAddress() throws -> HTTPAddress {
        let settings: ResolvedSettings
        do {
            settings = try SettingReader(flags: [:], file: nil).read()
        } catch {
            throw ValidationError(error.problems.map(\.description).joined(separator: "; "))
        }
        let host =
            switch settings[ProxySettings.host] {
            case "0.0.0.0": "127.0.0.1"
            case "::": "::1"
            case let host: host
            }
        let port = settings[ProxySettings.port]
        let scheme = settings[ProxySettings.certificate] == nil ? "http" : "https"
        guard let address = HTTPAddress("\(scheme)://\(host.contains(":") ? "[\(host)]" : host):\(port)") else {
            throw ValidationError("Host '\(host)' and port \(port) are no address to ask; give one with --url.")
        }
        return address
    }
}
