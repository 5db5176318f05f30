import Testing

@testable import OstiaryModels

@Suite struct MediaTypeFieldTests {
    @Test(arguments: [
        ("application/json", true), ("Application/JSON; charset=utf-8", true), ("application/problem+json", true),
        ("application/json ;a=b", true), ("text/html", false), ("text/plain; x=application/json", false),
        ("application/xjson", false), ("json", false), ("", false), ("application/json5", false),
    ])
    func knowsJSON(_ value: String, _ isJSON: Bool) {
        #expect(MediaTypeField.isJSON(value.utf8) == isJSON)
    }

    @Test(arguments: [
        ("text/event-stream", true), ("Text/Event-Stream;charset=utf-8", true), ("text/event-stream-x", false),
        ("text/event", false), ("", false), ("application/json; x=text/event-stream", false),
    ])
    func knowsAStreamOfEvents(_ value: String, _ isStream: Bool) {
        #expect(MediaTypeField.isEventStream(value.utf8) == isStream)
    }
}
