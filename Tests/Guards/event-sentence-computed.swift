// expect: cannot convert value of type 'String' to expected argument type 'StaticString'
// SEC-602
import OstiaryJournal

func warn(_ journal: Journal, _ token: String) {
    journal.event(.warning, "bad token \(token)")
}
