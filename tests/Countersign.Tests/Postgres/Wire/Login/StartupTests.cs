using Countersign.Gates.Postgres.Wire;
using Countersign.Gates.Postgres.Wire.Login;

namespace Countersign.Tests.Postgres.Wire.Login;

public sealed class StartupTests
{
    [Fact]
    public void An_agent_and_its_target_are_named()
    {
        var parameters = Read(
            ("user", "bot"), ("database", "orders"), ("application_name", "psql"), ("DateStyle", "ISO"),
            ("search_path", "public"), ("client_encoding", "'utf-8'"));

        Assert.Equal(("bot", "orders"), (parameters.User, parameters.Database));
        Assert.Equal(
            ["DateStyle", "application_name", "search_path"], parameters.Settings.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("ISO", parameters.Settings["datestyle"]);
        Assert.Empty(parameters.Ignored);
    }

    [Fact]
    public void A_target_is_called_like_the_user_when_it_is_not_named() =>
        Assert.Equal("bot", Read(("user", "bot")).Database);

    [Theory]
    [InlineData("options", "-c search_path=evil")]
    [InlineData("session_replication_role", "replica")]
    [InlineData("role", "postgres")]
    [InlineData("local_preload_libraries", "x")]
    public void What_could_change_rights_or_meaning_is_left_out_and_told(string name, string value)
    {
        var parameters = Read(("user", "bot"), (name, value));

        Assert.Equal([name], parameters.Ignored);
        Assert.Empty(parameters.Settings);
    }

    [Fact]
    public void A_search_path_is_handed_on_as_a_text_and_used_for_nothing() => Assert.Equal(
        "x'; DROP TABLE t; --", Read(("user", "bot"), ("search_path", "x'; DROP TABLE t; --")).Settings["search_path"]);

    [Theory]
    [InlineData("database")]
    [InlineData("true")]
    [InlineData("ON")]
    [InlineData("1")]
    public void Replication_is_refused(string value)
    {
        var violation = Violation(("user", "bot"), ("replication", value));

        Assert.Equal("0A000", violation.SqlState);
        Assert.True(violation.IsFatal);
        Assert.Empty(Read(("user", "bot"), ("replication", "false")).Ignored);
    }

    [Theory]
    [InlineData("GBK")]
    [InlineData("SJIS")]
    [InlineData("BIG5")]
    [InlineData("LATIN1")]
    public void Another_encoding_is_refused(string encoding) =>
        Assert.Equal("22023", Violation(("user", "bot"), ("client_encoding", encoding)).SqlState);

    [Theory]
    [InlineData("UTF8")]
    [InlineData("utf-8")]
    [InlineData("UNICODE")]
    [InlineData("SQL_ASCII")]
    public void Every_name_of_utf8_is_taken(string encoding) =>
        Assert.Empty(Read(("user", "bot"), ("client_encoding", encoding)).Settings);

    [Fact]
    public void Nobody_is_refused() => Assert.Equal("28000", Violation(("database", "orders")).SqlState);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(2, 2)]
    [InlineData(9999, 2)]
    public void A_version_is_settled(int asked, int spoken) => Assert.Equal(spoken, AgentProtocol.Settle(asked));

    [Fact]
    public void A_version_or_option_from_the_future_is_answered()
    {
        Assert.Empty(Answer(Start(0, ("user", "bot"))));
        Assert.Empty(Answer(Start(2, ("user", "bot"))));
        Assert.Equal(
            [.. "v"u8, 0, 0, 0, 12, 0, 3, 0, 2, 0, 0, 0, 0], Answer(Start(9999, ("user", "bot"))));
        Assert.Equal(
            [.. "v"u8, 0, 0, 0, 19, 0, 3, 0, 0, 0, 0, 0, 1, .. "_pq_.x\0"u8],
            Answer(Start(0, ("user", "bot"), ("_pq_.x", "1"))));

        static byte[] Answer(StartupPacket.Start start) => Bytes.Of(to => AgentProtocol.WriteAnswer(to, start));
    }

    [Fact]
    public void Every_kind_of_packet_is_known_by_its_code()
    {
        Assert.IsType<StartupPacket.SslRequest>(StartupPacket.Read([0x04, 0xD2, 0x16, 0x2F]));
        Assert.IsType<StartupPacket.GssEncRequest>(StartupPacket.Read([0x04, 0xD2, 0x16, 0x30]));
        var cancel = Assert.IsType<StartupPacket.Cancel>(
            StartupPacket.Read([0x04, 0xD2, 0x16, 0x2E, 0, 0, 0, 7, 1, 2, 3, 4]));
        Assert.Equal((7, 4), (cancel.ProcessId, cancel.Key.Length));
    }

    [Theory]
    [InlineData(new byte[] { 0x04, 0xD2, 0x16, 0x2F, 0 })]
    [InlineData(new byte[] { 0x04, 0xD2, 0x16, 0x2E, 0, 0, 0, 7 })]
    [InlineData(new byte[] { 0x04, 0xD2, 0x16, 0x2E, 0, 0, 0, 7, 1, 2, 3 })]
    [InlineData(new byte[] { 0, 2, 0, 0, 0 })]
    [InlineData(new byte[] { 0, 3, 0, 0 })]
    [InlineData(new byte[] { 0, 3, 0, 0, 65, 0, 65 })]
    [InlineData(new byte[] { 0, 3, 0, 0, 65, 0, 65, 0, 65, 0, 65, 0, 0 })]
    [InlineData(new byte[] { 0, 3, 0, 0, 65, 0, 65, 0, 0, 9 })]
    [InlineData(new byte[] { 0, 3, 0, 0, 65, 0, 0xFF, 0, 0 })]
    public void A_malformed_packet_is_refused(byte[] packet) =>
        Assert.Throws<ProtocolViolation>(() => StartupPacket.Read(packet));

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    [InlineData(8193)]
    public void A_packet_of_an_impossible_length_is_refused(int length)
    {
        byte[] bytes = [(byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length];

        Assert.Throws<ProtocolViolation>(() => StartupPacket.ReadLength(bytes, most: 8192));
    }

    [Fact]
    public void Random_packets_cause_nothing_but_violations()
    {
        for (var seed = 0; seed < 50_000; seed++)
        {
            var random = new Random(seed);
            var packet = new byte[random.Next(80)];
            random.NextBytes(packet);
            ReadOnlySpan<byte> code = (seed % 3) switch
            {
                0 => [0, 3, 0, 0],
                1 => [0x04, 0xD2, 0x16, 0x2E],
                _ => [],
            };
            code[..Math.Min(code.Length, packet.Length)].CopyTo(packet);
            TryRead(packet);
        }
    }

    private static void TryRead(byte[] packet)
    {
        try
        {
            if (StartupPacket.Read(packet) is StartupPacket.Start start)
            {
                AgentParameters.Read(start);
            }
        }
        catch (ProtocolViolation violation)
        {
            Assert.NotEmpty(violation.Message);
        }
    }

    private static AgentParameters Read(params (string Name, string Value)[] parameters) =>
        AgentParameters.Read(Start(0, parameters));

    private static ProtocolViolation Violation(params (string Name, string Value)[] parameters) =>
        Assert.Throws<ProtocolViolation>(() => Read(parameters));

    private static StartupPacket.Start Start(int minor, params (string Name, string Value)[] parameters)
    {
        var packet = Bytes.Of(to => to.WriteStartupMessage(
            (3 << 16) | minor, parameters.Select(static one => KeyValuePair.Create(one.Name, one.Value))));
        return Assert.IsType<StartupPacket.Start>(StartupPacket.Read(packet.AsSpan(sizeof(int))));
    }
}
