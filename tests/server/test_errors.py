from server.errors import Invalid


def test_an_error_names_its_field() -> None:
    error = Invalid("pid: 0 is no process", field="pid")
    assert error.status == 422
    assert error.body() == {"error": {"code": "invalid", "message": "pid: 0 is no process", "field": "pid"}}
