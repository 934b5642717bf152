import Testing
import XetWire

@Suite struct ContentDispositionTests {
    @Test(arguments: [
        ("model.bin", "attachment; filename=\"model.bin\""),
        ("a b (1).txt", "attachment; filename=\"a b (1).txt\""),
        ("ü.txt", "attachment; filename=\"__.txt\"; filename*=UTF-8''%C3%BC.txt"),
        ("a\"b", "attachment; filename=\"a_b\"; filename*=UTF-8''a%22b"),
        ("a\\b", "attachment; filename=\"a_b\"; filename*=UTF-8''a%5Cb"),
        ("100%.txt", "attachment; filename=\"100_.txt\"; filename*=UTF-8''100%25.txt"),
        ("a\r\nX-Evil: 1", "attachment; filename=\"a__X-Evil: 1\"; filename*=UTF-8''a%0D%0AX-Evil%3A%201"),
        ("a\u{0}b\u{7F}", "attachment; filename=\"a_b_\"; filename*=UTF-8''a%00b%7F"),
        ("a;b", "attachment; filename=\"a;b\""),
        ("", "attachment; filename=\"\""),
    ])
    func `file names`(name: String, header: String) {
        #expect(ContentDisposition.attachment(fileName: name) == header)
    }

    @Test func `no name leaves the quotes or the header`() {
        for byte in 0...UInt8(127) {
            let header = ContentDisposition.attachment(fileName: "a" + String(UnicodeScalar(byte)) + "b")
            #expect(header.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
            #expect(header.count { $0 == "\"" } == 2)
            #expect(!header.contains("\\"))
        }
    }
}
