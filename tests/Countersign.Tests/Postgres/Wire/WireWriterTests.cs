using Countersign.Gates.Postgres.Wire;

namespace Countersign.Tests.Postgres.Wire;

public sealed class WireWriterTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_appended_goes_out_at_once_and_in_order()
    {
        using var pair = await SocketPair.OpenAsync();
        using var writer = new WireWriter(pair.ServerStream);
        writer.WriteParseComplete();
        writer.Append(Bytes.Message('D', 0, 0));
        writer.WriteReadyForQuery(TransactionStatus.Idle);
        byte[] expected = [.. Bytes.Message('1'), .. Bytes.Message('D', 0, 0), .. Bytes.Message('Z', (byte)'I')];

        Assert.Equal(expected.Length, writer.Pending);
        await writer.FlushAsync(Cancellation);

        Assert.Equal(0, writer.Pending);
        var received = new byte[expected.Length];
        await pair.ClientStream.ReadExactlyAsync(received, Cancellation);
        Assert.Equal(expected, received);
    }

    [Fact]
    public async Task Nothing_to_send_is_no_write()
    {
        var stream = new MemoryStream();
        stream.Close();
        using var writer = new WireWriter(stream);

        await writer.FlushAsync(Cancellation);

        Assert.Equal(0, writer.Pending);
    }

    [Fact]
    public async Task A_peer_that_reads_slowly_gets_everything()
    {
        using var pair = await SocketPair.OpenAsync();
        using var writer = new WireWriter(pair.ServerStream);
        var data = new byte[8_000_000];
        new Random(1).NextBytes(data);
        writer.WriteCopyData(data);
        Assert.True(writer.IsFull);

        var flushing = writer.FlushAsync(Cancellation);
        var received = new byte[MessageHead.Size + data.Length];
        await pair.ClientStream.ReadExactlyAsync(received, Cancellation);
        await flushing;

        Assert.Equal(data, received[MessageHead.Size..]);
    }

    [Fact]
    public void A_nul_cannot_be_smuggled_into_a_text()
    {
        using var writer = new WireWriter(Stream.Null);

        Assert.Throws<ArgumentException>(() => writer.String("a\0b"));
        Assert.Throws<ArgumentException>(() => writer.WriteParse("s"u8, "SELECT 1\0;"u8, []));
        Assert.ThrowsAny<ArgumentException>(() => writer.String("\uD800"));
    }

    [Fact]
    public void More_things_than_16_bits_count_are_refused()
    {
        using var writer = new WireWriter(Stream.Null);

        Assert.Throws<OverflowException>(() => writer.WriteParse(""u8, ""u8, new uint[65_536]));
    }

    [Fact]
    public void Messages_have_the_bytes_of_the_specification()
    {
        Assert.Equal([.. "R"u8, 0, 0, 0, 8, 0, 0, 0, 0], Bytes.Of(static to => to.WriteAuthenticationOk()));
        Assert.Equal(
            [.. "R"u8, 0, 0, 0, 8, 0, 0, 0, 3], Bytes.Of(static to => to.WriteAuthenticationCleartextPassword()));
        Assert.Equal(
            [.. "R"u8, 0, 0, 0, 23, 0, 0, 0, 10, .. "SCRAM-SHA-256\0\0"u8],
            Bytes.Of(static to => to.WriteAuthenticationSasl("SCRAM-SHA-256")));
        Assert.Equal(
            [.. "R"u8, 0, 0, 0, 9, 0, 0, 0, 11, 1], Bytes.Of(static to => to.WriteAuthenticationSaslContinue([1])));
        Assert.Equal(
            [.. "R"u8, 0, 0, 0, 9, 0, 0, 0, 12, 1], Bytes.Of(static to => to.WriteAuthenticationSaslFinal([1])));
        Assert.Equal([0, 0, 0, 8, 0x04, 0xD2, 0x16, 0x2F], Bytes.Of(static to => to.WriteSslRequest()));
        Assert.Equal(
            [0, 0, 0, 16, 0x04, 0xD2, 0x16, 0x2E, 0, 0, 0, 7, 1, 2, 3, 4],
            Bytes.Of(static to => to.WriteCancelRequest(7, [1, 2, 3, 4])));
        Assert.Equal(
            [0, 0, 0, 16, 0, 3, 0, 0, .. "user\0a\0\0"u8],
            Bytes.Of(static to => to.WriteStartupMessage(196608, [new("user", "a")])));
        Assert.Equal([.. "p"u8, 0, 0, 0, 6, .. "x\0"u8], Bytes.Of(static to => to.WritePassword("x")));
        Assert.Equal(
            [.. "p"u8, 0, 0, 0, 12, .. "M\0"u8, 0, 0, 0, 2, 8, 9],
            Bytes.Of(static to => to.WriteSaslInitialResponse("M", [8, 9])));
        Assert.Equal([.. "p"u8, 0, 0, 0, 5, 9], Bytes.Of(static to => to.WriteSaslResponse([9])));
        Assert.Equal([.. "Q"u8, 0, 0, 0, 6, .. "x\0"u8], Bytes.Of(static to => to.WriteQuery("x"u8)));
        Assert.Equal([.. "1"u8, 0, 0, 0, 4], Bytes.Of(static to => to.WriteParseComplete()));
        Assert.Equal([.. "2"u8, 0, 0, 0, 4], Bytes.Of(static to => to.WriteBindComplete()));
        Assert.Equal([.. "3"u8, 0, 0, 0, 4], Bytes.Of(static to => to.WriteCloseComplete()));
        Assert.Equal([.. "n"u8, 0, 0, 0, 4], Bytes.Of(static to => to.WriteNoData()));
        Assert.Equal([.. "I"u8, 0, 0, 0, 4], Bytes.Of(static to => to.WriteEmptyQueryResponse()));
        Assert.Equal([.. "s"u8, 0, 0, 0, 4], Bytes.Of(static to => to.WritePortalSuspended()));
        Assert.Equal([.. "H"u8, 0, 0, 0, 4], Bytes.Of(static to => to.WriteFlush()));
        Assert.Equal([.. "X"u8, 0, 0, 0, 4], Bytes.Of(static to => to.WriteTerminate()));
        Assert.Equal([.. "c"u8, 0, 0, 0, 4], Bytes.Of(static to => to.WriteCopyDone()));
    }
}
