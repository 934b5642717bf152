import Crypto
import NIOCore
package import XetCore
package import XetUpload

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Which xorbs were uploaded to a CAS, and which chunks they have: so that what was interrupted goes on, and what has changed
/// costs what is new in it.
///
/// A folder for each CAS, a shard in it for each xorb. Records are a help: what is wrong with one makes it nothing.
package struct UploadRecords: Sendable {
    /// Most chunks that are known from records: of 32 GiB.
    private static let mostChunkCount = 1 << 19
    /// What is older is removed; a CAS may forget what nothing refers to.
    private static let mostAge = Int64(30 * 24 * 3600) * 1_000_000_000
    private static let mostRecordByteCount: UInt64 = 1 << 20
    private static let suffix = ".mdb"

    private let folder: LocalPath

    /// The records of the CAS at `address`, below `root`.
    package init(root: LocalPath, address: String) {
        let name = SHA256.hash(data: Data(address.utf8)).prefix(8).map {
            String($0 >> 4, radix: 16) + String($0 & 15, radix: 16)
        }
        folder = root.appending("uploads").appending(name.joined())
    }

    /// Notes a xorb that the CAS has.
    package func note(_ xorb: XorbIndex) throws {
        let footer = ShardFooter(creationTime: UInt64(max(0, Date().timeIntervalSince1970)))
        let bytes = try Shard(files: [], xorbs: [ShardXorb(xorb)]).storedBytes(footer)
        try Folder.make(folder)
        try Folder(folder).replace(Array((xorb.hash.text + Self.suffix).utf8), with: bytes)
    }

    /// Gives `chunks` what is on record, the newest first; removes what is too old, or too much.
    package func load(into chunks: ServerChunks) {
        guard let folder = try? Folder(folder), let names = try? folder.names() else { return }
        let now = Int64(Date().timeIntervalSince1970) * 1_000_000_000
        var records: [(name: [UInt8], modification: Int64)] = []
        for name in names {
            guard let status = try? folder.status(of: name, followsLink: false), status.kind == .regular else {
                continue
            }
            records.append((name, status.modification))
        }
        records.sort { $0.modification > $1.modification }
        var count = 0
        for record in records {
            guard now - record.modification < Self.mostAge, count < Self.mostChunkCount,
                let xorb = read(record.name, in: folder)
            else {
                try? folder.remove(record.name)
                continue
            }
            count += xorb.chunks.count
            chunks.insert(xorb.hash, xorb.chunks.map(\.hash))
        }
    }

    /// Forgets everything.
    package func removeAll() {
        guard let folder = try? Folder(folder), let names = try? folder.names() else { return }
        for name in names { try? folder.remove(name) }
    }

    /// The xorb of a record, if its chunks are those that its name means.
    private func read(_ name: [UInt8], in folder: Folder) -> ShardXorb? {
        guard let file = try? ReadableFile(path: folder.path(of: name)), let byteCount = file.byteCount,
            byteCount <= Self.mostRecordByteCount, let bytes = try? file.read(at: 0, count: Int(byteCount)),
            let shard = try? Shard(parsing: bytes.readableBytesSpan), let xorb = shard.xorbs.first,
            name == Array((xorb.hash.text + Self.suffix).utf8)
        else { return nil }
        var tree = MerkleTree()
        for chunk in xorb.chunks { tree.append(chunk.hash, byteCount: chunk.unpackedByteCount) }
        return tree.xorbHash == xorb.hash ? xorb : nil
    }
}
