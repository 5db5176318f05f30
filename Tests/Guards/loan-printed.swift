// expect: argument type 'Loan' does not conform to expected type 'Copyable'
// SEC-404
import OstiaryCore

func show(_ loan: borrowing Loan) {
    print(loan)
}
