import Testing
import XetWire

@Suite struct HexTextTests {
    @Test func `both ways`() {
        let bytes: [UInt8] = [0, 1, 0x0F, 0x10, 0xAB, 0xFF]
        #expect(bytes.hexText == "00010f10abff")
        #expect([UInt8](hexText: "00010F10abff") == bytes)
    }

    @Test(arguments: ["0", "0g", "00 ", "0x00", "ü0"])
    func `what is none`(text: String) {
        #expect([UInt8](hexText: text) == nil)
    }
}
