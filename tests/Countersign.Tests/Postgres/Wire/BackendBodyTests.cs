using System.Text;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Tests.Postgres.Wire;

public sealed class BackendBodyTests
{
    [Theory]
    [InlineData(TransactionStatus.Idle)]
    [InlineData(TransactionStatus.InTransaction)]
    [InlineData(TransactionStatus.Failed)]
    internal void A_server_is_ready_in_one_of_three_ways(TransactionStatus status) => Assert.Equal(
        status, ReadyForQueryBody.Read(Bytes.BodyOf(to => to.WriteReadyForQuery(status))));

    [Theory]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { (byte)'X' })]
    [InlineData(new byte[] { (byte)'I', (byte)'I' })]
    public void Any_other_status_is_refused(byte[] body) => Violation(body, static b => ReadyForQueryBody.Read(b));

    [Theory]
    [InlineData("INSERT 0 5", 5L)]
    [InlineData("SELECT 9223372036854775807", long.MaxValue)]
    [InlineData("SELECT 9223372036854775808", null)]
    [InlineData("CREATE TABLE", null)]
    [InlineData("UPDATE -1", null)]
    [InlineData("DELETE 5x", null)]
    [InlineData("COPY ", null)]
    [InlineData("", null)]
    public void A_command_tag_ends_in_its_rows_or_has_none(string tag, long? rows) => Assert.Equal(
        rows,
        CommandCompleteBody.Read(Bytes.BodyOf(to => to.WriteCommandComplete(Encoding.UTF8.GetBytes(tag)))).Rows);

    [Fact]
    public void An_error_keeps_every_field_and_survives_its_bytes()
    {
        var fields = new ErrorFields
        {
            Severity = "FATAL", LocalizedSeverity = "FATAL", Code = "42501", Message = "m", Detail = "d", Hint = "h",
            Position = "1", InternalPosition = "2", InternalQuery = "q", Where = "w", Schema = "s", Table = "t",
            Column = "c", DataType = "x", Constraint = "n", File = "f", Line = "3", Routine = "r",
        };

        Assert.Equal(fields, ErrorFields.Read(Bytes.BodyOf(to => to.WriteErrorResponse(fields))));
        Assert.Equal('N', (char)Bytes.Of(to => to.WriteNoticeResponse(fields))[0]);
    }

    [Fact]
    public void An_error_without_sqlstate_is_still_an_error()
    {
        var fields = ErrorFields.Read([.. "Mgone\0"u8, 0]);

        Assert.Equal(("ERROR", "XX000", "gone"), (fields.Severity, fields.Code, fields.Message));
        Assert.Equal("XX000", ErrorFields.Read([0]).Code);
    }

    [Fact]
    public void An_error_with_unknown_fields_and_other_encodings_is_read_all_the_same()
    {
        var fields = ErrorFields.Read([.. "zunknown\0SFATALE\0M"u8, 0xE9, 0, 0]);

        Assert.Equal(("FATALE", "\uFFFD"), (fields.Severity, fields.Message));
    }

    [Fact]
    public void A_nul_in_a_text_of_an_error_cannot_end_it()
    {
        var fields = new ErrorFields { Message = "a\0Cb" };

        Assert.Equal("aCb", ErrorFields.Read(Bytes.BodyOf(to => to.WriteErrorResponse(fields))).Message);
    }

    [Theory]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { (byte)'M' })]
    [InlineData(new byte[] { (byte)'M', 65 })]
    [InlineData(new byte[] { (byte)'M', 65, 0 })]
    [InlineData(new byte[] { 0, 0 })]
    public void An_error_that_is_cut_off_or_goes_on_is_refused(byte[] body) =>
        Violation(body, static b => ErrorFields.Read(b));

    [Fact]
    public void A_row_description_names_its_columns()
    {
        byte[] body =
        [
            0, 2, .. "a\0"u8, 0, 0, 0x40, 0, 0, 2, 0, 0, 0, 23, 0, 4, 0xFF, 0xFF, 0xFF, 0xFF, 0, 1,
            .. "\0"u8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 25, 0xFF, 0xFF, 0, 0, 0, 9, 0, 0,
        ];
        var description = RowDescriptionBody.Read(body);

        Assert.Equal(2, description.Count);
        Assert.True(description.MoveNext());
        var first = description.Current;
        Assert.Equal("a"u8, first.Name);
        Assert.Equal((0x4000u, (short)2, 23u, (short)4, -1, true), Of(first));
        Assert.True(description.MoveNext());
        Assert.Equal((0u, (short)0, 25u, (short)-1, 9, false), Of(description.Current));
        Assert.False(description.MoveNext());

        static (uint, short, uint, short, int, bool) Of(ResultColumn column) => (
            column.Table, column.Attribute, column.Type, column.TypeSize, column.TypeModifier, column.IsBinary);
    }

    [Fact]
    public void Rows_of_our_own_can_be_read_as_those_of_a_server()
    {
        var names = new List<string>();
        foreach (var column in RowDescriptionBody.Read(Bytes.BodyOf(static to => to.WriteRowDescription("x", "y"))))
        {
            names.Add($"{Encoding.UTF8.GetString(column.Name)}:{column.Type}");
        }

        var row = DataRowBody.Read(Bytes.BodyOf(static to => to.WriteDataRow("é", null)));

        Assert.Equal(["x:25", "y:25"], names);
        Assert.Equal(2, row.Count);
        Assert.True(row.MoveNext());
        Assert.Equal("é"u8, row.Current);
        Assert.True(row.MoveNext() && row.IsNull);
        Assert.False(row.MoveNext());
    }

    [Theory]
    [InlineData(new byte[] { 0, 1, 0xFF, 0xFF, 0xFF, 0xFE })]
    [InlineData(new byte[] { 0, 1, 0x80, 0, 0, 0 })]
    [InlineData(new byte[] { 0, 1, 0x7F, 0xFF, 0xFF, 0xFF })]
    [InlineData(new byte[] { 0, 1, 0, 0, 0, 1 })]
    [InlineData(new byte[] { 0xFF, 0xFF, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 0, 0, 0 })]
    [InlineData(new byte[] { 0 })]
    public void A_row_whose_lengths_lie_is_refused(byte[] body) => Violation(body, static b => DataRowBody.Read(b));

    [Theory]
    [InlineData(new byte[] { 0, 1, 0 })]
    [InlineData(new byte[] { 0, 0, 0 })]
    [InlineData(new byte[] { 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 })]
    public void A_row_description_whose_count_lies_is_refused(byte[] body) =>
        Violation(body, static b => RowDescriptionBody.Read(b));

    [Fact]
    public void Types_of_parameters_are_counted()
    {
        var description = ParameterDescriptionBody.Read(
            Bytes.BodyOf(static to => to.WriteParameterDescription([23, 25])));

        Assert.Equal(2, description.Count);
        Assert.Equal(25u, description.Type(1));
        Violation([0, 2, 0, 0, 0, 1], static b => ParameterDescriptionBody.Read(b));
        Violation([0, 0, 1], static b => ParameterDescriptionBody.Read(b));
    }

    [Fact]
    public void What_may_come_at_any_time_is_read()
    {
        var status = ParameterStatusBody.Read(
            Bytes.BodyOf(static to => to.WriteParameterStatus("TimeZone", "UTC")));
        var notification = NotificationResponseBody.Read(
            Bytes.BodyOf(static to => to.WriteNotificationResponse(7, "c", "payload")));

        Assert.Equal("TimeZone"u8, status.Name);
        Assert.Equal("UTC"u8, status.Value);
        Assert.Equal(7, notification.ProcessId);
        Assert.Equal("c"u8, notification.Channel);
        Assert.Equal("payload"u8, notification.Payload);
        Violation([.. "a\0b"u8], static b => ParameterStatusBody.Read(b));
        Violation([0, 0, 0, 1, .. "a\0b\0c"u8], static b => NotificationResponseBody.Read(b));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(257)]
    public void A_key_to_cancel_has_4_to_256_bytes(int length)
    {
        Violation(
            Bytes.BodyOf(to => to.WriteBackendKeyData(1, new byte[length])), static b => BackendKeyDataBody.Read(b));
        Assert.Equal(256, BackendKeyDataBody.Read(new byte[4 + 256]).Key.Length);
    }

    [Fact]
    public void A_copy_names_its_formats()
    {
        var copy = CopyResponseBody.Read([1, 0, 2, 0, 1, 0, 1]);

        Assert.True(copy.IsBinary);
        Assert.Equal(2, copy.ColumnCount);
        Violation([2, 0, 0], static b => CopyResponseBody.Read(b));
        Violation([0, 0, 1, 0, 2], static b => CopyResponseBody.Read(b));
        Violation([0, 0, 1, 0], static b => CopyResponseBody.Read(b));
        Violation([0, 0, 0, 0], static b => CopyResponseBody.Read(b));
    }

    [Fact]
    public void Both_ways_of_naming_a_version_are_understood()
    {
        var whole = Bytes.BodyOf(static to => to.WriteNegotiateProtocolVersion(2, ["_pq_.x"]));

        Assert.Equal(2, NegotiateProtocolVersionBody.ReadMinor(whole));
        Assert.Equal(2, NegotiateProtocolVersionBody.ReadMinor([0, 0, 0, 2, 0, 0, 0, 0]));
        Violation([0, 0, 0, 2, 0x7F, 0, 0, 0], static b => NegotiateProtocolVersionBody.ReadMinor(b));
        Violation([0, 0, 0, 2, 0x80, 0, 0, 0, 1], static b => NegotiateProtocolVersionBody.ReadMinor(b));
    }

    private static void Violation(byte[] body, Action<byte[]> read) => FrontendBodyTests.Violation(body, read);
}
