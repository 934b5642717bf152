import Foundation

/// What `golden.json` says about the golden files.
package struct Golden: Decodable, Sendable {
    package struct File: Decodable, Sendable {
        package let name: String
        package let size: Int
        package let sha256: String
        package let fileHash: String
        package let merkleRoot: String
        package let chunkEnds: [Int]
        package let chunkHashes: [String]
        package let terms: [Term]
        package let verification: [String]
        package let shardSha256String: String
    }

    package struct Term: Decodable, Sendable {
        package let xorb: String
        package let unpackedLength: Int
        package let start: Int
        package let end: Int
    }

    package struct Xorb: Decodable, Sendable {
        package struct Chunk: Decodable, Sendable {
            package let hash: String
            package let length: Int
            package let scheme: UInt8
            package let end: Int
        }

        package let hash: String
        package let file: String
        package let bytes: Int
        package let footerStart: Int
        package let infoLength: Int
        package let unpackedBytes: Int
        package let chunks: [Chunk]
        package let sha256: String
        package let uploadBodySha256: String
    }

    package struct ShardContent: Decodable, Sendable {
        package struct File: Decodable, Sendable {
            package let fileHash: String
            package let flags: String
            package let terms: [Term]
            package let verification: [String]
            package let sha256: String
            package let sha256RawField: String
        }

        package struct Xorb: Decodable, Sendable {
            package struct Chunk: Decodable, Sendable {
                package let hash: String
                package let start: Int
                package let length: Int
                package let flags: String
            }

            package let xorb: String
            package let numBytesInXorb: Int
            package let numBytesOnDisk: Int
            package let chunks: [Chunk]
        }

        package struct Footer: Decodable, Sendable {
            package let key: String
            package let created: UInt64
            package let keyExpiry: String
        }

        package let total: Int
        package let files: [File]
        package let xorbs: [Xorb]
        package let footer: Footer?
    }

    package struct StoredShard: Decodable, Sendable {
        package let file: String
        package let shardHash: String
        package let content: ShardContent

        private enum CodingKeys: CodingKey { case file, shardHash }

        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            file = try container.decode(String.self, forKey: .file)
            shardHash = try container.decode(String.self, forKey: .shardHash)
            content = try ShardContent(from: decoder)
        }
    }

    package struct Upload: Decodable, Sendable {
        package let file: String
        package let inputs: [String]
        package let sha256: String
        package let content: ShardContent

        private enum CodingKeys: CodingKey { case file, inputs, sha256 }

        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            file = try container.decode(String.self, forKey: .file)
            inputs = try container.decode([String].self, forKey: .inputs)
            sha256 = try container.decode(String.self, forKey: .sha256)
            content = try ShardContent(from: decoder)
        }
    }

    package struct Frame: Decodable, Sendable {
        package let file: String
        package let raw: String
        package let rawLength: Int
        package let accept: Bool
    }

    package struct Synthetic: Decodable, Sendable {
        package let file: String
        package let key: String?
        package let queryChunk: String?
        package let firstKeyedHash: String?
        package let shard: ShardContent?
    }

    package let files: [File]
    package let xorbs: [Xorb]
    package let shards: [StoredShard]
    package let uploads: [Upload]
    package let frames: [Frame]
    package let synthetic: [Synthetic]

    /// Reads `golden.json`.
    package static func load() throws -> Golden {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Golden.self, from: Data(Vectors.golden("golden.json")))
    }
}
