import Testing

@testable import XetConfiguration

@Suite struct FileFormatTests {
    @Test(
        arguments: [
            ("xet.toml", .toml), ("/etc/xet/xet.yaml", nil), ("a.b/xet.TOML", .toml), ("xet.json", .json),
            (".toml", .toml),
            ("xet", nil), ("xet.conf", nil), ("toml", nil), ("xet.toml/x", nil), ("", nil),
        ] as [(String, FileFormat?)]
    )
    func `the end of the name tells`(path: String, format: FileFormat?) {
        #expect(FileFormat(path: path) == format)
    }

    /// Whatever the bytes are, reading them ends, with a line that exists.
    @Test(arguments: FileFormat.allCases)
    func `any bytes`(format: FileFormat) {
        let samples = [
            #"{"a": ["x", "y"], "b": 1, "c": true, "d": "\u00e9"}"#,
            "a = [\"x\",\n'y']\nb = 1\nc = true\nd = \"\\u00e9\"",
        ]
        for sample in samples {
            let bytes = Array(sample.utf8)
            for index in bytes.indices {
                for byte in [UInt8](arrayLiteral: 0, 0x0A, 0x20, 0x22, 0x27, 0x2C, 0x3A, 0x5B, 0x5C, 0x5D, 0x7B, 0xFF) {
                    var changed = bytes
                    changed[index] = byte
                    for text in [changed, Array(changed[...index])] {
                        do throws(FileError) {
                            #expect(try format.entries(of: text).count <= 4)
                        } catch {
                            #expect((1...text.count { $0 == 0x0A } + 2).contains(error.line))
                        }
                    }
                }
            }
        }
    }
}
