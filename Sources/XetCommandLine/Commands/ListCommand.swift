import ArgumentParser
import FoundationEssentials
import NIOCore
import XetAccess
import XetClient
import XetLocal
import XetWire

/// The command `xet list`.
struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the files of a repository: size, XET hash, path.",
        discussion: "A file without a XET hash is kept by the Hub itself; a '-' stands in its place."
    )

    @Argument(help: "Repository: owner/name, perhaps with datasets/, spaces/, kernels/ or buckets/ before it.")
    var repository: String

    @OptionGroup var repositoryOptions: RepositoryOptions
    @OptionGroup var hub: HubOptions
    @OptionGroup var outbound: OutboundOptions

    @Flag(help: "Print a JSON array.")
    var json = false

    /// A file as `--json` prints it.
    private struct Item: Encodable {
        let path: String
        let size: UInt64
        let xetHash: String?

        private enum CodingKeys: String, CodingKey {
            case path
            case size
            case xetHash
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(path, forKey: .path)
            try container.encode(size, forKey: .size)
            // `null` where there is none: whoever reads this finds the key in every file.
            try container.encode(xetHash, forKey: .xetHash)
        }
    }

    func run() async throws {
        var configuration = Assembly.Configuration(hub: try hub.address())
        try outbound.apply(to: &configuration.http)
        let repository = try repositoryOptions.repository(repository)
        let token = try hub.token()
        try await CommandFailure.reporting {
            try await Assembly.with(configuration) { parts in
                var items: [Item] = []
                try await parts.hub.list(repository, revision: repositoryOptions.revision, token: token) { page in
                    if json {
                        items += page.map { Item(path: $0.path, size: $0.lfs?.size ?? $0.size, xetHash: $0.xetHash) }
                    } else {
                        try Descriptor.standardOutput.write(ByteBuffer(string: page.map(Self.line).joined()))
                    }
                }
                if json { try JSONOutput.write(items) }
            }
        }
    }

    private static func line(_ entry: TreeEntryBody) -> String {
        let size = "\(entry.lfs?.size ?? entry.size)"
        let hash = entry.xetHash.map(DisplayText.escaped) ?? "-" + String(repeating: " ", count: 63)
        let blanks = String(repeating: " ", count: max(0, 14 - size.count))
        return "\(blanks)\(size)  \(hash)  \(DisplayText.escaped(entry.path))\n"
    }
}

/// JSON on standard output.
enum JSONOutput {
    /// Writes a value, indented, with sorted keys; what a terminal would obey is escaped.
    static func write(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(value), as: UTF8.self)
        try Descriptor.standardOutput.write(ByteBuffer(string: DisplayText.escapedJSON(text) + "\n"))
    }

    /// Writes a value as one line.
    static func writeLine(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(value), as: UTF8.self)
        try Descriptor.standardOutput.write(ByteBuffer(string: DisplayText.escapedJSON(text) + "\n"))
    }
}
