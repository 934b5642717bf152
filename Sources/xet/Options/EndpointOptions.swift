import ArgumentParser
import XetProxy
import XetWire

/// What a proxy lets through, and under which address.
struct EndpointOptions: ParsableArguments {
    @Option(
        name: .customLong("public-url"),
        help: ArgumentHelp(
            "Address of the proxy in its answers, perhaps with a path. (default: the one that clients ask for)",
            valueName: "url"
        )
    )
    var publicURL: String?

    @Option(
        name: .customLong("trusted-proxy"),
        help: ArgumentHelp(
            """
            Address or range, such as 10.0.0.0/8, of proxies in front whose Forwarded and X-Forwarded-* headers are \
            believed; repeatable.
            """,
            valueName: "range"
        )
    )
    var trustedProxies: [String] = []

    @Option(
        help: ArgumentHelp(
            """
            Serve only these repositories: owner/name, owner/*, datasets/owner/*, spaces/*, and so on; without \
            models/, datasets/ or spaces/ a pattern means all three; repeatable.
            """,
            valueName: "pattern"
        )
    )
    var allow: [String] = []

    @Option(help: ArgumentHelp("Do not serve these, even if --allow names them; repeatable.", valueName: "pattern"))
    var deny: [String] = []

    @Flag(help: "Pass on requests that change something on the Hub, such as uploads.")
    var allowWrites = false

    @Option(
        name: .customLong("signing-key-file"),
        help: ArgumentHelp(
            """
            File with a secret of 16 bytes or more that signs the URLs in answers; proxies with the same one accept \
            each other's. (env XET_SIGNING_KEY holds the secret itself, default: a new one at each start)
            """,
            valueName: "file"
        )
    )
    var signingKeyFile: String?

    /// Takes the options into the settings of a proxy.
    func apply(to configuration: inout ProxyConfiguration) throws {
        configuration.publicAddress = try publicURL.map(Self.publicAddress)
        configuration.trustedPeers = try Self.items(trustedProxies).map { text in
            guard let range = AddressRange(text) else {
                throw ValidationError("'--trusted-proxy' is an IP address or a range of them, not '\(text)'.")
            }
            return range
        }
        configuration.allow = try Self.patterns(allow, of: "--allow")
        configuration.deny = try Self.patterns(deny, of: "--deny")
        configuration.allowWrites = allowWrites
        configuration.signingKey = try SigningSecret.find(file: signingKeyFile)?.key
    }

    private static func publicAddress(_ text: String) throws -> HTTPAddress {
        guard let address = HTTPAddress(text), !text.contains("?"), !text.contains("#") else {
            throw ValidationError("'--public-url' is an http or https URL without a query, not '\(text)'.")
        }
        return address
    }

    private static func patterns(_ lists: [String], of option: String) throws -> [RepositoryPattern] {
        try items(lists).map { text in
            guard let pattern = RepositoryPattern(text) else {
                throw ValidationError("'\(option)' takes owner/name, owner/* or datasets/owner/*, not '\(text)'.")
            }
            return pattern
        }
    }

    /// The parts between commas of all values, without the blanks around them.
    private static func items(_ lists: [String]) -> [String] {
        lists.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }.map { item in
            String(item.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        }
    }
}
