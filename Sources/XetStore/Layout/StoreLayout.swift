import XetCore
public import _NIOFileSystem

/// Where the files of a store are; nothing else makes paths.
///
/// ```
/// root/
///   xorbs/9f/9fb4….xorb     serialized chunks, footer of version 1, length of the footer
///   shards/03/03a1….mdb     shard with footer
///   temporary/5c21….part    what is being written; emptied when the store is opened
///   damaged/                what had the name of a xorb or shard and was none
/// ```
/// A name is the text of a hash, in the folder of its first two digits. Hashes are parsed before they get here, so no
/// text from outside becomes part of a path. One process at a time may have the store open.
public struct StoreLayout: Hashable, Sendable {
    /// The folder of the store.
    public let root: FilePath

    static let xorbExtension = "xorb"
    static let shardExtension = "mdb"

    /// The layout below a folder.
    public init(root: FilePath) {
        self.root = root
    }

    var xorbFolder: FilePath { root.appending("xorbs") }
    var shardFolder: FilePath { root.appending("shards") }
    var temporaryFolder: FilePath { root.appending("temporary") }
    var damagedFolder: FilePath { root.appending("damaged") }

    func xorb(_ hash: XorbHash) -> FilePath {
        path(hash.text, in: xorbFolder, extension: Self.xorbExtension)
    }

    func shard(_ hash: ShardHash) -> FilePath {
        path(hash.text, in: shardFolder, extension: Self.shardExtension)
    }

    /// A new name for something that is being written.
    func temporaryFile() -> FilePath {
        var name: [UInt8] = []
        name.appendHex(.random(in: 0...UInt64.max))
        name.appendHex(.random(in: 0...UInt64.max))
        return temporaryFolder.appending(String(decoding: name, as: UTF8.self) + ".part")
    }

    /// The hash that a file of the store is named after; `nil` for files that are not of the store.
    static func hash<Role>(of name: FilePath.Component, extension: String) -> ContentHash<Role>? {
        guard name.extension == `extension`, let hash = ContentHash<Role>(name.stem) else { return nil }
        // Upper case would name another file than the one that is written.
        return hash.text == name.stem ? hash : nil
    }

    private func path(_ name: String, in folder: FilePath, extension: String) -> FilePath {
        folder.appending(String(name.prefix(2))).appending("\(name).\(`extension`)")
    }
}
