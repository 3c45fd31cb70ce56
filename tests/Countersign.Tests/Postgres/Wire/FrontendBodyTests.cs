using Countersign.Gates.Postgres.Wire;

namespace Countersign.Tests.Postgres.Wire;

public sealed class FrontendBodyTests
{
    [Fact]
    public void A_parse_says_name_text_and_types()
    {
        var parse = ParseBody.Read(Bytes.BodyOf(static to => to.WriteParse("s1"u8, "SELECT $1"u8, [23, 0])));

        Assert.Equal("s1"u8, parse.Statement);
        Assert.Equal("SELECT $1"u8, parse.Text);
        Assert.Equal(2, parse.ParameterTypeCount);
        Assert.Equal([23u, 0u], [parse.ParameterType(0), parse.ParameterType(1)]);
    }

    [Fact]
    public void A_bind_says_where_its_parameters_stand_and_in_which_format()
    {
        byte[] body =
        [
            .. "p\0s\0"u8, 0, 3, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 2, .. "ab"u8, 0, 0, 0, 1, 0xFF,
            0xFF, 0xFF, 0xFF, 0xFF, 0, 2, 0, 1, 0, 0,
        ];
        var bind = BindBody.Read(body);
        var values = new List<BoundValue>();
        foreach (var value in bind.Parameters)
        {
            values.Add(value);
        }

        Assert.Equal("p"u8, bind.Portal);
        Assert.Equal("s"u8, bind.Statement);
        Assert.Equal(3, bind.ParameterCount);
        Assert.Equal("ab"u8, values[0].In(body));
        Assert.Equal(0xFF, Assert.Single(values[1].In(body).ToArray()));
        Assert.Equal([false, true, false], values.Select(static value => value.IsBinary));
        Assert.Equal([false, false, true], values.Select(static value => value.IsNull));
        Assert.Equal(2, bind.ResultFormatCount);
        Assert.True(bind.IsBinaryResult(0));
        Assert.False(bind.IsBinaryResult(1));
        Assert.Equal(body.AsSpan(4), bind.Rest);
    }

    [Fact]
    public void One_format_is_that_of_all()
    {
        byte[] body = [0, 0, 0, 1, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 7, 0, 1, 0, 1];
        var bind = BindBody.Read(body);
        var binary = 0;
        foreach (var value in bind.Parameters)
        {
            binary += value.IsBinary ? 1 : 0;
        }

        Assert.Equal(2, binary);
        Assert.True(bind.IsBinaryResult(17));
    }

    [Fact]
    public void A_bind_takes_as_many_parameters_as_the_protocol_can_count()
    {
        byte[] values = [.. Enumerable.Repeat<byte>(0xFF, 65_535 * 4)];
        var bind = BindBody.Read([0, 0, 0, 0, 0xFF, 0xFF, .. values, 0, 0]);

        Assert.Equal(65_535, bind.ParameterCount);
    }

    [Fact]
    public void What_a_bind_says_behind_its_names_can_be_read_alone()
    {
        byte[] rest = [0, 0, 0, 1, 0, 0, 0, 2, 65, 66, 0, 2, 0, 0, 0, 1];
        byte[] body = [.. "portal\0name\0"u8, .. rest];

        var bind = BindBody.ReadRest(BindBody.Read(body).Rest);
        foreach (var value in bind.Parameters)
        {
            Assert.Equal("AB"u8, value.In(rest));
        }

        Assert.Equal(1, bind.ParameterCount);
        Assert.Equal((false, true, false), (bind.IsBinaryResult(0), bind.IsBinaryResult(1), bind.IsBinaryResult(2)));
    }

    [Theory]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { 0 })]
    [InlineData(new byte[] { 0, 0 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 1, 0, 0 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 1, 0, 0, 0, 5, 1, 0, 0 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFE, 0, 0 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 1, 0x80, 0, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 0xFF, 0xFF, 0, 0 })]
    [InlineData(new byte[] { 0, 0, 0, 2, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 0, 0, 0, 1, 0, 2, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 0, 0, 1, 0, 9 })]
    public void A_bind_whose_counts_lie_is_refused(byte[] body) => Violation(body, static b => BindBody.Read(b));

    [Theory]
    [InlineData(new byte[] { 0, 0 })]
    [InlineData(new byte[] { 0, 0, 0, 1 })]
    [InlineData(new byte[] { 0, 0, 0xFF, 0xFF, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 65, 65 })]
    public void A_parse_whose_count_lies_is_refused(byte[] body) => Violation(body, static b => ParseBody.Read(b));

    [Fact]
    public void A_nul_inside_a_query_is_refused_and_the_connection_lives()
    {
        var violation = Violation([.. "SELECT 1\0; DELETE FROM t\0"u8], static b => QueryBody.Read(b));

        Assert.False(violation.IsFatal);
        Assert.Equal("08P01", violation.SqlState);
    }

    [Fact]
    public void A_text_without_its_nul_is_refused() =>
        Violation([.. "SELECT 1"u8], static b => QueryBody.Read(b));

    [Theory]
    [InlineData(new byte[] { 0x80, 0 })]
    [InlineData(new byte[] { 0xC0, 0x80, 0 })]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80, 0 })]
    [InlineData(new byte[] { 0xF5, 0x80, 0x80, 0x80, 0 })]
    public void A_text_that_is_not_utf8_is_refused_as_postgresql_does(byte[] body) =>
        Assert.Equal("22021", Violation(body, static b => QueryBody.Read(b)).SqlState);

    [Theory]
    [InlineData(new byte[] { 0xFF })]
    [InlineData(new byte[] { 65, 0 })]
    public void A_text_parameter_is_text(byte[] value)
    {
        byte[] text = [0, 0, 0, 0, 0, 1, 0, 0, 0, (byte)value.Length, .. value, 0, 0];
        byte[] binary = [0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, (byte)value.Length, .. value, 0, 0];

        Assert.Equal("22021", Violation(text, static b => BindBody.Read(b)).SqlState);
        Assert.Equal(1, BindBody.Read(binary).ParameterCount);
    }

    [Fact]
    public void Describe_close_and_execute_say_what_and_which()
    {
        var describe = DescribeBody.Read(Bytes.BodyOf(static to => to.WriteDescribe(Preparation.Portal, "p"u8)));
        var close = DescribeBody.ReadClose(Bytes.BodyOf(static to => to.WriteClose(Preparation.Statement, "s"u8)));
        var execute = ExecuteBody.Read(Bytes.BodyOf(static to => to.WriteExecute("p"u8, maxRows: 7)));

        Assert.Equal((Preparation.Portal, Preparation.Statement), (describe.What, close.What));
        Assert.Equal("p"u8, describe.Name);
        Assert.Equal("s"u8, close.Name);
        Assert.Equal("p"u8, execute.Portal);
        Assert.Equal(7, execute.MaxRows);
        Violation([.. "Xs\0"u8], static b => DescribeBody.Read(b));
        Violation([.. "Ss\0x"u8], static b => DescribeBody.ReadClose(b));
        Violation([0, 0, 0, 0], static b => ExecuteBody.Read(b));
    }

    [Fact]
    public void A_copy_that_fails_says_why_and_a_sync_says_nothing()
    {
        var fail = CopyFailBody.Read(Bytes.BodyOf(static to => to.WriteCopyFail("no more")));

        Assert.Equal("no more"u8, fail.Reason);
        EmptyBody.Read([]);
        Violation([0], static b => EmptyBody.Read(b));
    }

    internal static ProtocolViolation Violation(byte[] body, Action<byte[]> read) =>
        Assert.Throws<ProtocolViolation>(() => read(body));
}
