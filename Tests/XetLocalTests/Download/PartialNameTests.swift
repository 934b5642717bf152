import Testing

@testable import XetLocal

@Suite struct PartialNameTests {
    private func name(_ target: [UInt8], _ identity: String = "xet", _ maximum: Int = 255) -> [UInt8] {
        PartialName.name(of: target, identity: identity, maximumByteCount: maximum)
    }

    @Test func `begins with the name of the file`() {
        let name = String(decoding: name(Array("weights.bin".utf8)), as: UTF8.self)
        #expect(name.hasPrefix("weights.bin."))
        #expect(name.hasSuffix(".partial"))
        #expect(name.utf8.count == "weights.bin".utf8.count + 1 + 32 + 8)
    }

    @Test func `differs with content and file, and with nothing else`() {
        let long = [UInt8](repeating: 97, count: 255)
        let names = [
            name([97]), name([98]), name([97], "git"), name([97, 32]), name([97], " xet"), name(long),
            name(long + [97]),
            name(long.dropLast() + [98]),
        ]
        #expect(Set(names).count == names.count)
        #expect(name([97]) == name([97]))
    }

    @Test(arguments: 205...255)
    func `fits, however long the name is`(byteCount: Int) {
        let name = name([UInt8](repeating: 97, count: byteCount))
        #expect(name.count == min(byteCount + 41, 255))
    }

    @Test(arguments: ["ü", "文", "🙂"], [41, 42, 43, 44, 45, 46, 47, 143, 144, 145, 146])
    func `is not cut within a character`(character: String, maximum: Int) {
        let name = name(Array(String(repeating: character, count: 60).utf8), "xet", maximum)
        #expect(name.count <= maximum)
        #expect(name.count > maximum - character.utf8.count)
        #expect(String(validating: name, as: UTF8.self) != nil)
    }

    @Test func `cuts what is no text too`() {
        #expect(name([UInt8](repeating: 0x80, count: 255)).count <= 255)
    }
}
