import Testing

@testable import ostiary

@Suite struct TOMLSheetTests {
    private func sheet(_ text: String) throws -> TOMLSheet { try TOMLSheet(Array(text.utf8)) }
    private func text(_ sheet: TOMLSheet) -> String { String(decoding: sheet.bytes, as: UTF8.self) }
    private let table = ["model_providers", "ostiary"]

    private static let samples = [
        "", "\n", "a = 1", "a = 1\n# b\n\n[c]\nd = \"\"\"\n[model_providers.ostiary]\n\"\"\"\n",
        "a = [\n  '#', # ]\n  \"]\",\n]\r\nb = { c = [1] }\n[[list]]\n  x.y = 'z' # end\n",
        "\"quoted key\".'two' = true\n",
        "s = '''\nmodel_provider = \"x\"'''''\nt = \"\\\"#\"\n",
    ]

    @Test(arguments: samples) func `what is not touched keeps every byte`(before: String) throws {
        var sheet = try sheet(before)
        #expect(text(sheet) == before)
        sheet.setTopKey(["model_provider"], Array("model_provider = \"o\"".utf8))
        sheet.setTables(table, Array("[model_providers.ostiary]\nname = \"o\"\n".utf8))
        var again = try self.sheet(text(sheet))
        #expect(again.topKey(["model_provider"]) == Array("model_provider = \"o\"".utf8))
        #expect(!again.tables(table).isEmpty)
        again.setTopKey(["model_provider"], nil)
        again.setTables(table, [])
        let after = text(again)
        // Only a line end and an empty line may be more.
        #expect(after.utf8.starts(with: before.utf8))
        let rest = after.utf8.dropFirst(before.utf8.count)
        #expect(rest.filter { $0 != 10 && $0 != 13 } == [])
    }

    @Test func `a table goes with the tables below it, and the next one's comment stays`() throws {
        var sheet = try sheet(
            "[model_providers.ostiary]\na = 1\n# ours\nb = 2\n\n[model_providers.ostiary.auth]\nc = 3\n\n# theirs\n[tui]\nd = 4\n"
        )
        #expect(String(decoding: sheet.tables(table), as: UTF8.self).hasSuffix("c = 3\n"))
        sheet.setTables(table, [])
        #expect(text(sheet) == "\n# theirs\n[tui]\nd = 4\n")
        var near = try self.sheet("[model_providers.ostiary2]\na = 1\n")
        near.setTables(table, [])
        #expect(text(near) == "[model_providers.ostiary2]\na = 1\n")
    }

    @Test func `a key below a table is not one at the top`() throws {
        let sheet = try sheet("x = 1\n[t]\nmodel_provider = \"other\"\n")
        #expect(sheet.topKey(["model_provider"]) == nil)
        #expect(try self.sheet("model_providers.a.name = 'b'\n").hasTopKey(["model_providers"]))
    }

    @Test(arguments: [
        ("a = \"x\n", 1), ("\n[a\n", 2), ("a\n", 1), ("a =\n", 1), ("a = [1\n", 2), ("a = 1]\n", 1), ("= 1\n", 1),
        ("[a] b\n", 1), ("\"\\u0061\" = 1\n", 1), ("a = '''\n\n", 3), ("a = \"\\", 1), ("a = \"\"\"x\"\"", 1),
    ])
    func `what cannot be divided is said with its line`(_ before: String, _ line: Int) {
        #expect(throws: TOMLSheet.Fault.self) { try sheet(before) }
        do throws(TOMLSheet.Fault) {
            _ = try TOMLSheet(Array(before.utf8))
        } catch {
            #expect(error.line == line, "\(before.debugDescription): \(error.sentence)")
        }
    }
}
