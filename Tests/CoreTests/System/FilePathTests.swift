import OstiaryCore
import Testing

@Suite struct FilePathTests {
    @Test(arguments: [
        ("/a/b/key", "/a/b", "key"), ("/key", "/", "key"), ("key", ".", "key"), ("a/key", "a", "key"), ("a/", "a", ""),
    ])
    func `a path is divided at its last slash`(path: String, folder: String, name: String) {
        #expect(FilePath.folder(of: path) == folder)
        #expect(FilePath.name(of: path) == name)
    }

    @Test func `what could disturb a terminal is not shown`() {
        #expect(FilePath.shown("a\u{1b}[2Jb") == "a?[2Jb")
        #expect(FilePath.shown("ä") == "??")
    }

    @Test func `links are followed to where they lead, or not at all`() {
        #expect(FilePath.real("/proc/self/../self/.") != nil)
        #expect(FilePath.real("/no/such/place") == nil)
    }
}
