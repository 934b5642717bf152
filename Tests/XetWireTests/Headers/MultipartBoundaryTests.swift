import Testing
import XetWire

@Suite struct MultipartBoundaryTests {
    @Test(arguments: [
        ("multipart/byteranges; boundary=THIS_STRING_SEPARATES", "THIS_STRING_SEPARATES"),
        ("multipart/byteranges;boundary=x", "x"),
        ("Multipart/ByteRanges ; BOUNDARY = x", "x"),
        ("multipart/byteranges; charset=utf-8; boundary=00000000000000000012", "00000000000000000012"),
        ("multipart/byteranges; boundary=x; type=\"a;boundary=y\"", "x"),
        (#"multipart/byteranges; boundary="gc0p4Jq0M2Yt08j34c0p""#, "gc0p4Jq0M2Yt08j34c0p"),
        (#"multipart/byteranges; boundary="a b;c\"d\\e" "#, #"a b;c"d\e"#),
        (
            "multipart/byteranges; boundary=[lka9uw3et5vxybtp87ghq23dpu7djv84nhls9p]",
            "[lka9uw3et5vxybtp87ghq23dpu7djv84nhls9p]"
        ),
        ("multipart/byteranges; boundary==_a/b:c?d", "=_a/b:c?d"),
        ("multipart/byteranges;; flag; boundary=x;", "x"),
        ("multipart/byteranges; boundary=--", "--"),
        ("multipart/byteranges; boundary=" + String(repeating: "b", count: 70), String(repeating: "b", count: 70)),
    ])
    func `boundaries, quoted or not`(value: String, expected: String) {
        #expect(MultipartBoundary(contentType: value)?.text == expected)
    }

    @Test(arguments: [
        "", "multipart/byteranges", "multipart/byteranges; boundary", "multipart/byteranges; boundary=",
        #"multipart/byteranges; boundary="""#, #"multipart/byteranges; boundary="x"#,
        #"multipart/byteranges; boundary="x\"#, #"multipart/byteranges; boundary="x"y"#,
        #"multipart/byteranges; boundary="x ""#,
        "multipart/byteranges; boundary=x; boundary=x", "multipart/mixed; boundary=x",
        "multipart/byterangesx; boundary=x",
        "multipart/x-byteranges; boundary=x", "multipart; boundary=x", "text/plain; a=multipart/byteranges; boundary=x",
        "multipart/byteranges boundary=x", "multipart/byteranges; xboundary=x", "multipart/byteranges; boundary=é",
        "multipart/byteranges; boundary=a\u{0}b", "multipart/byteranges; boundary=a\r\nb",
        "multipart/byteranges; boundary=" + String(repeating: "b", count: 71),
    ])
    func `what has none`(value: String) {
        #expect(MultipartBoundary(contentType: value) == nil)
    }
}
