using System.Buffers;
using System.Runtime.InteropServices;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Tests.Postgres.Wire;

/// <summary>A rented buffer serves one session at a time, whatever is under way when the session ends.</summary>
public sealed class PooledBufferTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_buffer_that_is_still_read_into_does_not_go_back()
    {
        var stream = new StuckStream(Bytes.Message('d', 100_000, new byte[4_000]));
        var reader = new WireReader(stream);
        var reading = reader.ReadAsync(200_000, Cancellation).AsTask();
        var used = await stream.Used;

        reader.Dispose();

        Assert.NotSame(used, ArrayPool<byte>.Shared.Rent(used.Length));
        stream.Fail();
        await Assert.ThrowsAsync<IOException>(() => reading);
    }

    [Fact]
    public async Task A_buffer_that_is_still_written_from_does_not_go_back()
    {
        var stream = new StuckStream([]);
        var writer = new WireWriter(stream);
        writer.WriteSync();
        var writing = writer.FlushAsync(Cancellation).AsTask();
        var used = await stream.Used;

        Assert.Throws<InvalidOperationException>(writer.WriteSync);
        writer.Dispose();

        Assert.NotSame(used, ArrayPool<byte>.Shared.Rent(used.Length));
        stream.Fail();
        await Assert.ThrowsAsync<IOException>(() => writing);
    }

    [Fact]
    public async Task Two_reads_at_once_are_refused()
    {
        var stream = new StuckStream(Bytes.Message('d', 100_000, new byte[4_000]));
        using var reader = new WireReader(stream);
        var reading = reader.ReadAsync(200_000, Cancellation).AsTask();
        await stream.Used;

        await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await reader.ReadAsync(200_000, Cancellation));
        stream.Fail();
        await Assert.ThrowsAsync<IOException>(() => reading);
    }

    /// <summary>Gives what it has and then neither reads nor writes any more until it fails.</summary>
    private sealed class StuckStream(byte[] content) : MemoryStream(content)
    {
        private readonly TaskCompletionSource<int> _end = new();
        private readonly TaskCompletionSource<byte[]> _used = new();

        /// <summary>The array of the read or write that is stuck.</summary>
        public Task<byte[]> Used => _used.Task;

        public void Fail() => _end.SetException(new IOException("broken"));

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Position < Length ? base.ReadAsync(buffer, cancellationToken) : new(Stick(buffer));

        public override ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => new(Stick(buffer));

        private Task<int> Stick(ReadOnlyMemory<byte> buffer)
        {
            Assert.True(MemoryMarshal.TryGetArray(buffer, out var segment));
            _used.SetResult(segment.Array!);
            return _end.Task;
        }
    }
}
