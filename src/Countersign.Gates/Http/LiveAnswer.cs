using System.Buffers;
using System.Collections.Immutable;
using Countersign.Core.Redaction;

namespace Countersign.Gates.Http;

/// <summary>
/// The answer of a target on its way to a caller who is there. What was read of it when the outcome was recorded is in
/// memory; the rest is read as the caller takes it, and never held as a whole.
/// </summary>
internal sealed class LiveAnswer : IAsyncDisposable
{
    private const int Chunk = 64 * 1024;

    private readonly HttpResponseMessage _response;
    private readonly Stream _source;
    private readonly ArrayBufferWriter<byte> _masked = new();
    private readonly AnswerFilter _filter;
    private readonly HttpLimits _limits;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _over = new();
    private readonly byte[] _chunk = ArrayPool<byte>.Shared.Rent(Chunk);
    private readonly AnswerBounds _bounds;
    private Task<int>? _reading;
    private long _read;

    private LiveAnswer(
        HttpResponseMessage response,
        Stream source,
        HttpUpstream upstream,
        ImmutableArray<string> secrets,
        AnswerBounds bounds,
        TimeProvider time)
    {
        var options = upstream.Options;
        (_response, _source, _limits, _bounds, _time) = (response, source, options.Limits, bounds, time);
        ContentType = response.Content.Headers.NonValidated.TryGetValues("Content-Type", out var types)
            ? types.ToString()
            : null;
        _filter = new AnswerFilter(ContentType, secrets, options, upstream.Redactor, _masked);
    }

    public int Status => (int)_response.StatusCode;

    public string? ContentType { get; }

    public required ImmutableArray<KeyValuePair<string, string>> Headers { get; init; }

    /// <summary>What is there and was not taken yet, masked.</summary>
    public ReadOnlyMemory<byte> Head => _masked.WrittenMemory;

    /// <summary>Whether nothing follows the head.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>
    /// How many bytes it has, as far as that is known: it says so itself, or at least what was read of it until now.
    /// </summary>
    public long Length =>
        IsComplete ? Head.Length : Math.Max(Head.Length, _response.Content.Headers.ContentLength ?? 0);

    /// <summary>How many bytes of it are known.</summary>
    public long Bytes => _read;

    public RedactionReport Masked => _filter.Report;

    /// <exception cref="WithheldException">Nobody here can read how it is encoded, or it cannot be masked, or it says
    /// that it is longer than it may be.</exception>
    public static async Task<LiveAnswer> OpenAsync(
        HttpResponseMessage response,
        HttpUpstream upstream,
        ImmutableArray<string> secrets,
        AnswerBounds bounds,
        TimeProvider time)
    {
        bounds.RefuseLonger(response);
        var source = await response.Content.ReadAsStreamAsync(CancellationToken.None);
        var encoding = response.Content.Headers.NonValidated.TryGetValues("Content-Encoding", out var codings)
            ? codings.ToString()
            : "";
        if (!Decompression.IsNone(encoding))
        {
            source = Decompression.Open(source, encoding)
                ?? throw new WithheldException($"nothing here can read the content coding '{encoding}'.");
        }

        return new LiveAnswer(response, source, upstream, secrets, bounds, time)
        {
            Headers = upstream.Headers.Of(response, secrets),
        };
    }

    /// <summary>Reads what is recorded: up to a limit, and no longer than the target takes for it.</summary>
    /// <param name="most">Bytes of the masked answer.</param>
    /// <param name="patience">How long to wait; what comes later is passed on as it comes.</param>
    /// <param name="cancellationToken">Stops the wait, and leaves the answer as it is.</param>
    public async Task ReadHeadAsync(int most, TimeSpan patience, CancellationToken cancellationToken)
    {
        if (AdvanceAtOnce(Math.Min(most, Chunk)) && (IsComplete || _masked.WrittenCount >= most))
        {
            return;
        }

        // More than one small answer is work, and the thread that saw its bytes come has others to serve.
        await Task.Yield();
        using var over = new CancellationTokenSource(patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, over.Token);
        while (!IsComplete && _masked.WrittenCount < most)
        {
            try
            {
                await AdvanceAsync(either.Token);
            }
            catch (OperationCanceledException) when (over.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>Passes everything on, from the beginning.</summary>
    /// <exception cref="WithheldException">More came than may, or it took longer than it may.</exception>
    public async Task PassAsync(Func<ReadOnlyMemory<byte>, ValueTask> write, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_masked.WrittenCount > 0)
            {
                await write(_masked.WrittenMemory);
                _masked.ResetWrittenCount();
            }

            if (AdvanceAtOnce(most: 1))
            {
                if (_masked.WrittenCount == 0)
                {
                    return;
                }

                continue;
            }

            using var idle = new CancellationTokenSource(_bounds.NoLongerThan(_limits.Idle, _time), _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, idle.Token);
            await AdvanceAsync(either.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // What is being read ends first: only then is its memory free for others.
        await _over.CancelAsync();
        if (_reading is { } reading)
        {
            await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await _source.DisposeAsync();
        _response.Dispose();
        _over.Dispose();
        ArrayPool<byte>.Shared.Return(_chunk);
    }

    /// <summary>
    /// Takes what is there already, which costs neither a wait nor a timer. <c>true</c>: that was all of it, or so
    /// many bytes.
    /// </summary>
    private bool AdvanceAtOnce(int most)
    {
        while (!IsComplete && _masked.WrittenCount < most)
        {
            if (_reading is null)
            {
                var read = _source.ReadAsync(_chunk, _over.Token);
                if (read.IsCompletedSuccessfully)
                {
                    Take(read.Result);
                    continue;
                }

                _reading = read.AsTask();
            }

            if (!_reading.IsCompletedSuccessfully)
            {
                return false;
            }

            var count = _reading.Result;
            _reading = null;
            Take(count);
        }

        return true;
    }

    /// <summary>One piece of the source. A wait that is given up does not give up the read.</summary>
    private async Task AdvanceAsync(CancellationToken cancellationToken)
    {
        _reading ??= _source.ReadAsync(_chunk, _over.Token).AsTask();
        var count = await _reading.WaitAsync(cancellationToken);
        _reading = null;
        Take(count);
    }

    private void Take(int count)
    {
        _read += count;
        if (_read > _limits.Response)
        {
            throw new WithheldException($"it is longer than {_limits.Response} bytes.");
        }

        _bounds.Check(_read, _time);

        if (count == 0)
        {
            _filter.Complete();
            IsComplete = true;
            return;
        }

        _filter.Write(_chunk.AsSpan(0, count));
    }
}
