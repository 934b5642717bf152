import Testing
import XetWire

@Suite struct LinkHeaderTests {
    @Test(arguments: [
        "</next>; rel=\"next\"", "</next>;rel=next", "</next> ; REL = \"next\"", "</next>; title=\"x\"; rel=\"next\"",
        "</first>; rel=\"first\", </next>; rel=\"next\"",
        "</first>; rel=first,</next>; rel=next, </last>; rel=last", "<>; rel=\"first\", </next>; rel=\"next\"",
        "</other>, </next>; rel=\"next\"",
        "</next>; rel=\"next\"; type=\"a=b\"",
    ])
    func `the next page`(value: String) {
        #expect(LinkHeader(parsing: value).target("next") == "/next")
    }

    /// RFC 8288, section 3.3: a link may have several relations, without regard to case.
    @Test(arguments: ["</next>; rel=\"last next\"", "</next>; rel=\"next last\"", "</next>; rel=\"Next\""])
    func `several relations of one link`(value: String) {
        #expect(LinkHeader(parsing: value).target("next") == "/next")
    }

    @Test(arguments: [
        "", "next", "</next>", "</next>; rel", "</next>; rel=\"prev\"", "</next; rel=\"next\"", "/next>; rel=\"next\"",
        "</next>; title=\"rel=next\"", "</next>; rel=\"nextish\"", "<", ">", "<>", ";;;=,",
    ])
    func `what is no next page`(value: String) {
        #expect(LinkHeader(parsing: value).target("next") == nil)
    }

    @Test func `addresses keep their commas, semicolons and signs`() {
        let target = "https://hub.example/api?cursor=a%3D%3D,b;c=d&rel=next"
        #expect(
            LinkHeader(parsing: "<\(target)>; rel=\"next\"").entries == [
                LinkHeader.Entry(target: target, relation: "next")
            ]
        )
    }

    @Test func `what is written can be read`() {
        let header = LinkHeader([
            LinkHeader.Entry(target: "https://a/?x=1", relation: LinkHeader.tokenRelation),
            LinkHeader.Entry(target: "https://b", relation: LinkHeader.reconstructionRelation),
        ])
        #expect(header.value == "<https://a/?x=1>; rel=\"xet-auth\", <https://b>; rel=\"xet-reconstruction-info\"")
        #expect(LinkHeader(parsing: header.value) == header)
    }

    @Test func `the first of a relation counts`() {
        #expect(LinkHeader(parsing: "</a>; rel=next, </b>; rel=next").target("next") == "/a")
    }
}
