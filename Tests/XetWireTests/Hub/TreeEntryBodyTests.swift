import Foundation
import Testing
import XetWire

@Suite struct TreeEntryBodyTests {
    private static let hash = String(repeating: "0123456789abcdef", count: 4)

    private func entry(_ members: String) throws -> TreeEntryBody {
        let json = #"{"type": "file", "path": "a", "size": 7\#(members)}"#
        return try JSONDecoder().decode(TreeEntryBody.self, from: Data(json.utf8))
    }

    @Test func `a file`() throws {
        let entry = try entry(
            #", "oid": "c0ffee", "lfs": {"oid": "abc", "size": 9, "pointerSize": 134}, "xetHash": "\#(Self.hash)", "x": 1"#
        )
        #expect(entry.isFile && entry.path == "a" && entry.size == 7 && entry.oid == "c0ffee")
        #expect(entry.lfs == TreeEntryBody.LFS(oid: "abc", size: 9, pointerSize: 134))
        #expect(entry.xetHash == Self.hash)
        #expect(try JSONDecoder().decode(TreeEntryBody.self, from: JSONEncoder().encode(entry)) == entry)
    }

    @Test func `a hash is written in one way`() throws {
        #expect(try entry(#", "xetHash": "\#(Self.hash.uppercased())""#).xetHash == Self.hash)
    }

    @Test(arguments: [
        "", #", "xetHash": null"#, #", "xetHash": "\#(String(repeating: "*", count: 64))""#, #", "xetHash": """#,
        #", "xetHash": "\#(hash.dropLast())""#, #", "xetHash": "\#(hash)0""#, #", "xetHash": "\u001b[2J""#,
        #", "xetHash": 7"#, #", "xetHash": true"#, #", "xetHash": {"a": []}"#, #", "xetHash": [null]"#,
    ])
    func `what is no hash`(members: String) throws {
        #expect(try entry(members).xetHash == nil)
    }
}
