import OstiaryCore

@testable import OstiaryModels

/// Exchanges to measure with: a conversation with tools, and a stream of a thousand words.
enum Sample {
    /// About this many bytes: tools, a long history of calls and results, and text with escapes in it.
    static func request(bytes: Int) -> String {
        let tool = #"{"name":"read","description":"Reads a file.\nReturns its lines.","input_schema":{"type":"object","#
            + #""properties":{"path":{"type":"string","description":"Where it lies"}},"required":["path"]}}"#
        var messages = [#"{"role":"user","content":[{"type":"text","text":"Look at the \"files\", please.\n"}]}"#]
        var count = tool.utf8.count + 300
        var number = 0
        while count < bytes {
            number += 1
            let call = #"{"role":"assistant","content":[{"type":"text","text":"Reading."},{"type":"tool_use","#
                + #""id":"toolu_\#(number)","name":"read","input":{"path":"/src/\#(number).txt"}}]}"#
            let words = String(repeating: #"let value = \"text\"\n"#, count: min(40, max(1, (bytes - count) / 24)))
            let result = #"{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_\#(number)","#
                + #""content":"\#(words)"}]}"#
            messages += [call, result]
            count += call.utf8.count + result.utf8.count + 2
        }
        return #"{"model":"claude-opus-5-5","max_tokens":32000,"stream":true,"system":[{"type":"text","text":"Help."}],"#
            + #""tools":[\#(tool)],"messages":[\#(messages.joined(separator: ","))]}"#
    }

    /// Pieces of one event each, as the dialect's own writer makes them.
    static func stream(_ dialect: Exchange.Dialect) -> [[UInt8]] {
        var memory = Translation.Memory()
        memory.model = JSONText("m")
        var writer = dialect.makeEventWriter(memory, Identifiers())
        var events: [Exchange.Event] = (0..<1000).map { .text(JSONText("word \($0) ")) }
        events += [.stop(.end, Exchange.StopDetails()), .usage(Exchange.Tokens(input: 9, output: 1000)), .end]
        var pieces: [[UInt8]] = []
        for event in events {
            var out = ByteWriter()
            try? writer.write(event, into: &out)
            if out.count > 0 { pieces.append(out.bytes) }
        }
        return pieces
    }
}
