using Countersign.Gates.Postgres.Wire;
using FsCheck;
using FsCheck.Fluent;

namespace Countersign.Tests.Postgres.Wire;

public sealed class WireReaderTests
{
    private const int Most = 1_000_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Messages_that_arrived_together_are_taken_with_one_read()
    {
        var sent = Bytes.Of(static to =>
        {
            to.WriteParse("s"u8, "SELECT 1"u8, []);
            to.WriteBind(""u8, "s"u8);
            to.WriteSync();
        });
        var stream = new ChoppedStream(sent, static () => int.MaxValue);
        using var reader = new WireReader(stream);

        var first = await reader.ReadAsync(Most, Cancellation);
        Assert.True(reader.HasWholeMessage);
        Assert.True(reader.TryRead(Most, out var second));
        Assert.True(reader.TryRead(Most, out var third));

        Assert.Equal(1, stream.Reads);
        Assert.Equal(('P', 'B', 'S'), ((char)first.Type, (char)second.Type, (char)third.Type));
        byte[] taken = [.. first.Bytes.Span, .. second.Bytes.Span, .. third.Bytes.Span];
        Assert.Equal(sent, taken);
        Assert.False(reader.HasWholeMessage);
        Assert.False(reader.TryRead(Most, out _));
    }

    [Fact]
    public async Task A_message_over_a_real_connection_arrives_whole()
    {
        using var pair = await SocketPair.OpenAsync();
        using var reader = new WireReader(pair.ServerStream);
        var sent = Bytes.Message('d', new byte[300_000]);

        var sending = pair.ClientStream.WriteAsync(sent, Cancellation);
        var message = await reader.ReadAsync(Most, Cancellation);
        await sending;

        Assert.Equal(sent, message.Bytes.Span);
    }

    [Fact]
    public async Task The_end_between_two_messages_is_an_end()
    {
        using var reader = Reader(Bytes.Message('S'));

        Assert.False((await reader.ReadAsync(Most, Cancellation)).IsEnd);
        Assert.True((await reader.ReadAsync(Most, Cancellation)).IsEnd);
        Assert.True((await reader.PeekAsync(Cancellation)).IsEnd);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(7)]
    public async Task The_end_inside_a_message_is_a_violation(int cut)
    {
        using var reader = Reader(Bytes.Message('Q', 1, 2, 3, 0)[..cut]);

        await Violation(reader);
    }

    [Theory]
    [InlineData('Q', 0)]
    [InlineData('Q', 3)]
    [InlineData('Q', -1)]
    [InlineData('Q', int.MinValue)]
    [InlineData('Q', int.MaxValue)]
    [InlineData('Q', 4 + Most + 1)]
    [InlineData('\0', 4)]
    [InlineData('!', 4)]
    [InlineData('\u0080', 4)]
    public async Task An_impossible_head_is_refused_before_its_body_comes(char type, int length)
    {
        using var reader = Reader(Bytes.Message(type, length));

        await Violation(reader);
    }

    [Fact]
    public async Task The_cap_is_the_callers_and_is_exact()
    {
        using var reader = Reader([.. Bytes.Message('d', new byte[10]), .. Bytes.Message('d', new byte[11])]);

        Assert.Equal(10, (await reader.ReadAsync(most: 10, Cancellation)).Body.Length);
        await Assert.ThrowsAsync<ProtocolViolation>(async () => await reader.ReadAsync(most: 10, Cancellation));
        Assert.Equal(11, (await reader.ReadAsync(most: 11, Cancellation)).Body.Length);
    }

    [Fact]
    public async Task A_claimed_length_alone_takes_no_memory()
    {
        var stream = new ChoppedStream(Bytes.Message('d', Most, new byte[100]), static () => int.MaxValue);
        using var reader = new WireReader(stream);

        await Violation(reader);

        Assert.InRange(stream.LargestRoom, 1, 2 * 1024);
    }

    [Fact]
    public async Task A_session_that_waits_after_a_large_message_holds_a_small_buffer()
    {
        var sent = Bytes.Message('d', new byte[300_000]);
        var stream = new ChoppedStream([.. sent, .. Bytes.Message('c')], static () => int.MaxValue);
        using var reader = new WireReader(stream);

        await reader.ReadAsync(Most, Cancellation);
        await reader.ReadAsync(Most, Cancellation);
        Assert.True((await reader.ReadAsync(Most, Cancellation)).IsEnd);

        Assert.InRange(stream.LargestRoom, 64 * 1024, 1024 * 1024);
        Assert.InRange(stream.LatestRoom, 1, 2 * 1024);
    }

    [Fact]
    public async Task A_message_of_any_length_is_relayed_in_constant_memory()
    {
        const int length = 50_000_000;
        var stream = new ChoppedStream(Bytes.Message('D', new byte[length]), static () => int.MaxValue);
        using var reader = new WireReader(stream);
        var sink = new CountingStream();
        using var writer = new WireWriter(sink);

        await reader.RelayAsync(writer, int.MaxValue, Cancellation);
        await writer.FlushAsync(Cancellation);

        Assert.Equal(MessageHead.Size + length, sink.Written);
        Assert.InRange(stream.LargestRoom, 1, 128 * 1024);
        Assert.InRange(sink.LargestWrite, 1, 256 * 1024);
    }

    [Fact]
    public async Task A_relayed_message_is_the_same_byte_for_byte_and_the_next_one_stays()
    {
        var large = new byte[200_000];
        new Random(4).NextBytes(large);
        var sent = Bytes.Message('d', large);
        using var reader = Reader([.. sent, .. Bytes.Message('c')]);
        using var sink = new MemoryStream();
        using var writer = new WireWriter(sink);

        Assert.Equal('d', (char)(await reader.PeekAsync(Cancellation)).Type);
        await reader.RelayAsync(writer, Most, Cancellation);
        await writer.FlushAsync(Cancellation);

        Assert.Equal(sent, sink.ToArray());
        Assert.Equal('c', (char)(await reader.ReadAsync(Most, Cancellation)).Type);
    }

    [Fact]
    public async Task A_message_can_be_dropped()
    {
        using var reader = Reader([.. Bytes.Message('d', new byte[200_000]), .. Bytes.Message('c')]);

        await reader.SkipAsync(Most, Cancellation);

        Assert.Equal('c', (char)(await reader.ReadAsync(Most, Cancellation)).Type);
    }

    [Fact]
    public async Task A_relay_refuses_what_is_above_its_cap_and_what_is_cut_off()
    {
        using var tooLong = Reader(Bytes.Message('d', new byte[11]));
        using var cut = Reader(Bytes.Message('d', new byte[11])[..^1]);
        using var writer = new WireWriter(new MemoryStream());

        await Assert.ThrowsAsync<ProtocolViolation>(async () => await tooLong.RelayAsync(writer, 10, Cancellation));
        Assert.Equal(0, writer.Pending);
        await Assert.ThrowsAsync<ProtocolViolation>(async () => await cut.RelayAsync(writer, 11, Cancellation));
    }

    [Fact]
    public async Task More_can_be_buffered_without_taking_it_until_the_peer_hangs_up()
    {
        using var pair = await SocketPair.OpenAsync();
        using var reader = new WireReader(pair.ServerStream);
        await pair.ClientStream.WriteAsync(Bytes.Message('S'), Cancellation);

        Assert.True(await reader.BufferMoreAsync(Most, Cancellation));
        Assert.False(await reader.BufferMoreAsync(most: MessageHead.Size, Cancellation));
        pair.Client.Dispose();
        Assert.False(await reader.BufferMoreAsync(Most, Cancellation));
        Assert.Equal('S', (char)(await reader.ReadAsync(Most, Cancellation)).Type);
        Assert.True((await reader.ReadAsync(Most, Cancellation)).IsEnd);
    }

    [Fact]
    public void An_ordinary_message_allocates_nothing()
    {
        // Everything completes at once here, so that it stays on this thread, whose allocations are counted.
        var stream = new MemoryStream(new byte[1024], 0, 1024, writable: true, publiclyVisible: true);
        using var reader = new WireReader(stream);
        using var writer = new WireWriter(stream);
        Pass(reader, writer, stream, 1_000);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Pass(reader, writer, stream, 1_000);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Any_messages_cut_in_any_way_come_out_as_they_went_in() => Prop
        .ForAll(
            ArbMap.Default.GeneratorFor<byte[]>().ListOf().Zip(Gen.Choose(0, 100_000).ListOf())
                .Zip(Gen.Choose(0, int.MaxValue)).ToArbitrary(),
            static sample =>
            {
                var ((small, sizes), seed) = sample;
                var messages = small.Concat(sizes.Take(5).Select(static size => new byte[size]))
                    .Select(static body => Bytes.Message('d', body)).ToList();
                var random = new Random(seed);
                var stream = new ChoppedStream([.. messages.SelectMany(static m => m)], () => random.Next(5_000));
                using var reader = new WireReader(stream);
                return messages.All(message =>
                    message.AsSpan().SequenceEqual(Read(reader).Bytes.Span)) && Read(reader).IsEnd;
            })
        .QuickCheckThrowOnFailure();

    [Fact]
    public void Random_bytes_cause_nothing_but_violations()
    {
        for (var seed = 0; seed < 20_000; seed++)
        {
            var random = new Random(seed);
            var bytes = new byte[random.Next(200)];
            random.NextBytes(bytes);
            if (bytes.Length > 5 && seed % 2 == 0)
            {
                (bytes[0], bytes[1], bytes[2], bytes[3]) = ((byte)'Q', 0, 0, 0);
            }

            var stream = new ChoppedStream(bytes, () => random.Next(20));
            using var reader = new WireReader(stream);
            TakeAll(reader);
            Assert.InRange(stream.LargestRoom, 0, 2 * 1024);
        }
    }

    private static void TakeAll(WireReader reader)
    {
        try
        {
            while (!Read(reader).IsEnd)
            {
            }
        }
        catch (ProtocolViolation violation)
        {
            Assert.True(violation.IsFatal);
        }
    }

    private static void Pass(WireReader reader, WireWriter writer, MemoryStream stream, int count)
    {
        for (var sent = 0; sent < count; sent++)
        {
            stream.Position = 0;
            writer.WriteBind(""u8, "statement"u8);
            writer.WriteExecute(""u8, maxRows: 0);
            AtOnce(writer.FlushAsync(CancellationToken.None));
            stream.SetLength(stream.Position);
            stream.Position = 0;
            BindBody.Read(AtOnce(reader.ReadAsync(Most, CancellationToken.None)).Body);
            AtOnce(reader.ReadAsync(Most, CancellationToken.None));
        }
    }

    private static void AtOnce(ValueTask write) => Assert.True(write.IsCompletedSuccessfully);

    private static WireMessage AtOnce(ValueTask<WireMessage> read)
    {
        Assert.True(read.IsCompletedSuccessfully);
        return read.Result;
    }

    private static WireMessage Read(WireReader reader) =>
        reader.ReadAsync(Most, Cancellation).AsTask().GetAwaiter().GetResult();

    private static WireReader Reader(byte[] content) => new(new MemoryStream(content));

    private static async Task Violation(WireReader reader)
    {
        var violation = await Assert.ThrowsAsync<ProtocolViolation>(
            async () => await reader.ReadAsync(Most, Cancellation));
        Assert.True(violation.IsFatal);
        Assert.Equal("08P01", violation.SqlState);
    }

    /// <summary>Keeps nothing of what is written.</summary>
    private sealed class CountingStream : MemoryStream
    {
        public long Written { get; private set; }

        public int LargestWrite { get; private set; }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Written += buffer.Length;
            LargestWrite = Math.Max(LargestWrite, buffer.Length);
            return default;
        }
    }
}
