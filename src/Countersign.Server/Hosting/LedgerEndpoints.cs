using System.IO.Compression;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;
using Countersign.Gates.Access;
using Countersign.Server.Keys;

namespace Countersign.Server.Hosting;

/// <summary>
/// The log for everyone (C2SP tlog-tiles): key, checkpoint, tiles and entry bundles. Leaves hold no secrets.
/// </summary>
internal sealed class LedgerEndpoints(IArchive archive, LedgerKey key)
{
    /// <summary>A checkpoint is new with each commit; a cache in front may still take a burst of readers.</summary>
    private const string ForSeconds = "public, max-age=2";

    private const string ForEver = "public, max-age=31536000, immutable";

    private static readonly Problem NoSuchTile = new(
        404,
        "unknown-tile",
        "The log has no such tile: see the size in /ledger/checkpoint and the paths of C2SP tlog-tiles.");

    /// <summary>Static file servers and mirrors ask for the head of a file too.</summary>
    private static readonly string[] Reading = ["GET", "HEAD"];

    /// <summary>Typed, because a bare <c>null</c> in a conditional would become an empty tile and be served.</summary>
    private static ReadOnlyMemory<byte>? Missing => null;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/ledger/key", () => Results.Text(key.VerifierKey + "\n"));
        routes.MapGet("/ledger/key/successions", WriteSuccessionsAsync);
        routes.MapMethods("/ledger/checkpoint", Reading, WriteCheckpointAsync);
        routes.MapMethods("/ledger/tile/{**path}", Reading, WriteTileAsync);
    }

    private async Task WriteCheckpointAsync(HttpContext context)
    {
        if (await archive.ReadCheckpointAsync(context.RequestAborted) is not { } checkpoint)
        {
            await new Problem(404, "empty-log", "The log has no entry yet, so there is no checkpoint.")
                .WriteAsync(context);
            return;
        }

        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.CacheControl = ForSeconds;
        await context.Response.WriteAsync(checkpoint, context.RequestAborted);
    }

    private async Task WriteTileAsync(HttpContext context)
    {
        var bytes = TilePath.TryParse("tile/" + context.Request.RouteValues["path"], out var path)
            ? await ReadAsync(path, context.RequestAborted)
            : null;
        if (bytes is not { } content)
        {
            await NoSuchTile.WriteAsync(context);
            return;
        }

        context.Response.ContentType = "application/octet-stream";
        context.Response.Headers.CacheControl = ForEver;
        // Hashes are as random as anything; leaves are text that repeats itself (C2SP tlog-tiles: gzip at HTTP level).
        await (path is TilePath.Entries
            ? WritePackedAsync(context, content)
            : context.Response.Body.WriteAsync(content, context.RequestAborted).AsTask());
    }

    private static async Task WritePackedAsync(HttpContext context, ReadOnlyMemory<byte> content)
    {
        context.Response.Headers.Vary = "Accept-Encoding";
        if (!context.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase))
        {
            await context.Response.Body.WriteAsync(content, context.RequestAborted);
            return;
        }

        context.Response.Headers.ContentEncoding = "gzip";
        await using var packed = new GZipStream(context.Response.Body, CompressionLevel.Fastest);
        await packed.WriteAsync(content, context.RequestAborted);
    }

    /// <summary>How the log changed its keys: a JSON list of signed notes, oldest first.</summary>
    private async Task WriteSuccessionsAsync(HttpContext context)
    {
        context.Response.Headers.CacheControl = ForSeconds;
        await context.Response.WriteAsJsonAsync(
            await archive.ReadSuccessionsAsync(context.RequestAborted), context.RequestAborted);
    }

    private Task<ReadOnlyMemory<byte>?> ReadAsync(TilePath path, CancellationToken cancellationToken) => path switch
    {
        TilePath.Hashes hashes => ReadHashesAsync(hashes.Tile, cancellationToken),
        TilePath.Entries entries => ReadEntriesAsync(entries.Tile, cancellationToken),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private async Task<ReadOnlyMemory<byte>?> ReadHashesAsync(TileId tile, CancellationToken cancellationToken)
    {
        // A narrower tile that was served before stays served: it is a prefix of what there is now.
        var wanted = tile.Width * Hash32.Length;
        var bytes = await archive.ReadTileAsync(tile.Level, tile.Index, cancellationToken);
        return bytes?.Length >= wanted ? bytes.Value[..wanted] : Missing;
    }

    private async Task<ReadOnlyMemory<byte>?> ReadEntriesAsync(TileId tile, CancellationToken cancellationToken)
    {
        var leaves = await archive.ReadLeavesAsync(tile.Index * TileId.FullWidth, tile.Width, cancellationToken);
        return leaves.Length == tile.Width ? EntryBundle.Encode(leaves) : Missing;
    }
}
