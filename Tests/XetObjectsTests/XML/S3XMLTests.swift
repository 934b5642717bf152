import Testing
import XetTestSupport

@testable import XetObjects

@Suite struct S3XMLTests {
    private func parse(_ text: String) throws -> S3Element { try S3XML.parse(Array(text.utf8)) }

    @Test func `reads elements, text and entities`() throws {
        let root = try parse(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <List xmlns="http://s3.amazonaws.com/doc/2006-03-01/" a='b'>
              <Key>a&amp;b&lt;&gt;&quot;&apos;&#47;&#x2F;ä</Key><Empty/><Empty></Empty >
              <Owner ><ID>1</ID></Owner>
            </List>

            """
        )
        #expect(root.name == "List")
        #expect(root["Key"]?.text == "a&b<>\"'//ä")
        #expect(root.all("Empty") == [S3Element(name: "Empty"), S3Element(name: "Empty")])
        #expect(root["Owner"]?["ID"]?.text == "1")
        #expect(root["Other"] == nil)
    }

    @Test func `blanks may come while a store is at work`() throws {
        #expect(try parse("  \n<?xml version=\"1.0\"?>\n \n<A/>").name == "A")
    }

    @Test(arguments: [
        "", " ", "<", "<A", "<A>", "<A/", "</A>", "<A></B>", "<A/><B/>", "<A/>x", "x<A/>", "<A>&nbsp;</A>",
        "<A>&amp</A>",
        "<A>&#0;</A>", "<A>&#xD800;</A>", "<A>&#+65;</A>", "<A>&#x110000;</A>", "<A>&#99999999999;</A>", "<A>&;</A>",
        "<!DOCTYPE a [<!ENTITY b \"c\">]><A>&b;</A>", "<A><!-- c --></A>", "<A><![CDATA[x]]></A>", "<A><?p?></A>",
        "<A b></A>", "<A b=c></A>", "<A b=\"c></A>", "<A b=\"<\"></A>", "<A b=\"c\"d=\"e\"></A>", "< A/>",
        "<A>\u{1}</A>",
        "<?xml <A/>", "{\"a\":1}", "<html><body>no</html>",
    ])
    func `refuses what it does not know`(text: String) {
        #expect(throws: S3XML.Failure.self) { try parse(text) }
    }

    @Test func `refuses text that is not UTF-8`() {
        #expect(throws: S3XML.Failure.self) { try S3XML.parse(Array("<A>".utf8) + [0xFF] + Array("</A>".utf8)) }
    }

    @Test func `refuses what is too deep or too much`() throws {
        let depth = S3XML.maximumDepth
        func nested(_ count: Int) -> String {
            String(repeating: "<A>", count: count) + String(repeating: "</A>", count: count)
        }
        _ = try parse(nested(depth))
        #expect(throws: S3XML.Failure.self) { try parse(nested(depth + 1)) }
        #expect(throws: S3XML.Failure.self) { try parse(String(repeating: "<A>", count: 100_000)) }
        let count = S3XML.maximumElementCount - 1
        _ = try parse("<A>" + String(repeating: "<B/>", count: count) + "</A>")
        #expect(throws: S3XML.Failure.self) { try parse("<A>" + String(repeating: "<B/>", count: count + 1) + "</A>") }
    }

    @Test func `any bytes end in an element or an error`() {
        let text = Array("<?xml version=\"1.0\"?><A b=\"c\"><B>d&amp;&#65;</B><C/></A>".utf8)
        for count in 0..<text.count {
            #expect(throws: S3XML.Failure.self) { try S3XML.parse(Array(text.prefix(count))) }
        }
        for index in text.indices {
            for byte in [0, 0x20, 0x26, 0x3C, 0x3E, 0x2F, 0x3B, 0xFF] as [UInt8] {
                var changed = text
                changed[index] = byte
                _ = try? S3XML.parse(changed)
            }
        }
    }
}
