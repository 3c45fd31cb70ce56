using System.Buffers;
using Countersign.Core.Actions.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Countersign.Gates.Access;

/// <summary>A request's body, read whole within a limit and checked strictly before anything looks at it.</summary>
internal static class RequestBody
{
    /// <summary>Reads JSON in canonical form, or the problem to answer with.</summary>
    public static async Task<(CanonicalJson? Json, Problem? Problem)> ReadJsonAsync(
        HttpRequest request, JsonLimits limits, CancellationToken cancellationToken)
    {
        if (await ReadAsync(request, limits.Bytes, cancellationToken) is not { } bytes)
        {
            return (null, TooLarge(limits.Bytes));
        }

        return CanonicalJson.TryCanonicalize(bytes.Span, limits, out var json, out var refusal)
            ? (json, null)
            : (null, refusal.ExceedsLimit ? TooMuch(refusal.Message) : Malformed(refusal.Message));
    }

    /// <summary>Reads a body of any kind, or the problem to answer with.</summary>
    public static async Task<(ReadOnlyMemory<byte> Bytes, Problem? Problem)> ReadBytesAsync(
        HttpRequest request, int limit, CancellationToken cancellationToken) =>
        await ReadAsync(request, limit, cancellationToken) is { } bytes ? (bytes, null) : (default, TooLarge(limit));

    public static Problem Malformed(string detail) => new(400, "malformed-action", detail);

    private static Problem TooLarge(int limit) => new(
        413, "too-large", $"The body is larger than {limit} bytes (limits.body): send less, or raise the limit.");

    private static Problem TooMuch(string refusal) => new(
        413, "too-large", refusal + " Send something simpler, or raise limits.depth or limits.body.");

    /// <summary><c>null</c> when the body is longer than the limit.</summary>
    private static async Task<ReadOnlyMemory<byte>?> ReadAsync(
        HttpRequest request, int limit, CancellationToken cancellationToken)
    {
        if (request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
        {
            return ReadOnlyMemory<byte>.Empty;
        }

        LetRestArrive(request);
        if (request.ContentLength > limit)
        {
            return null;
        }

        using var buffer = new MemoryStream((int)(request.ContentLength ?? 0));
        var chunk = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            int read;
            while ((read = await request.Body.ReadAsync(chunk, cancellationToken)) > 0)
            {
                if (buffer.Length + read > limit)
                {
                    return null;
                }

                buffer.Write(chunk, 0, read);
            }
        }
        catch (BadHttpRequestException tooLarge) when (tooLarge.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }

        return buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
    }

    /// <summary>
    /// A caller that is still sending reads no answer, and the server resets the connection at a limit of its own.
    /// Without one it throws the rest of a refused body away for some seconds, so that the refusal is read.
    /// </summary>
    private static void LetRestArrive(HttpRequest request)
    {
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }
    }
}
