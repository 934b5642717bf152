import ArgumentParser
import XetAccess
import XetClient

/// How the Hub, the CAS and the CDN are reached, for the commands that talk to them once.
struct OutboundOptions: ParsableArguments {
    @Option(
        name: .customLong("ca-file"),
        help: ArgumentHelp(
            """
            PEM file of certificates to trust besides the system's. (env SSL_CERT_FILE names one to trust instead of \
            the system's; HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY are honoured)
            """,
            valueName: "file"
        )
    )
    var authorityFile: String?

    @Option(
        name: .customLong("private-upstreams"),
        help: ArgumentHelp(
            """
            Whether servers are asked that the Internet cannot reach, where the Hub leads to them: auto (if the Hub is \
            one itself), allow or deny. (default: auto)
            """,
            valueName: "choice"
        ),
        completion: .list(PrivateUpstreams.allCases.map(\.rawValue))
    )
    var privateUpstreams = PrivateUpstreams.auto.rawValue

    /// Takes the options, and what the environment says, into the settings of the client.
    func apply(to configuration: inout UpstreamHTTP.Configuration) throws {
        guard let privateUpstreams = PrivateUpstreams(rawValue: privateUpstreams) else {
            throw ValidationError("'--private-upstreams' is auto, allow or deny, not '\(privateUpstreams)'.")
        }
        configuration.privateUpstreams = privateUpstreams
        do {
            try Self.apply(authorityFile: authorityFile, to: &configuration)
        } catch {
            throw ValidationError(error.message.prefix(1).uppercased() + error.message.dropFirst() + ".")
        }
    }

    /// Takes a file of certificates, and what the environment says, into the settings of the client.
    static func apply(authorityFile: String?, to configuration: inout UpstreamHTTP.Configuration) throws(XetError) {
        configuration.proxies = try OutboundProxies(environment: { Environment[$0] })
        configuration.trustRoots = try TrustRoots(
            replacement: Environment["SSL_CERT_FILE"],
            addition: authorityFile
        )
    }
}
