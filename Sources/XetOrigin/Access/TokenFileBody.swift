/// The JSON of a token file; unknown keys are errors.
struct TokenFileBody: Decodable {
    struct User: Decodable {
        let name: String
        let read: [String]
        let write: [String]

        init(from decoder: any Decoder) throws {
            let values = try StrictContainer(decoder, keys: ["name", "read", "write"])
            guard let name: String = try values.value("name"), !name.isEmpty else { throw AccessRulesError.emptyName }
            self.name = name
            read = try values.value("read") ?? []
            write = try values.value("write") ?? []
        }
    }

    let privates: [String]
    let gated: [String]
    let tokens: [String: User]

    init(from decoder: any Decoder) throws {
        let values = try StrictContainer(decoder, keys: ["private", "gated", "tokens"])
        privates = try values.value("private") ?? []
        gated = try values.value("gated") ?? []
        tokens = try values.value("tokens") ?? [:]
    }
}

/// A JSON object that may have certain keys only.
private struct StrictContainer {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private let container: KeyedDecodingContainer<Key>

    init(_ decoder: any Decoder, keys: Set<String>) throws {
        container = try decoder.container(keyedBy: Key.self)
        if let unknown = container.allKeys.first(where: { !keys.contains($0.stringValue) }) {
            throw AccessRulesError.unknownKey(unknown.stringValue)
        }
    }

    func value<Value: Decodable>(_ key: String) throws -> Value? {
        try container.decodeIfPresent(Value.self, forKey: Key(stringValue: key))
    }
}
