using System.IO.Pipelines;
using System.Text.Json;
using Countersign.Core.Identity;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;
using Countersign.Server.Storage;

namespace Countersign.Server.Exports;

/// <summary>
/// Hands out slices of the log: (1) its ends are found and proved, (2) an entry says who takes it and why, (3) only
/// then the first byte leaves.
/// </summary>
internal sealed class ExportDesk(IStore store, string path, PayloadVault vault)
{
    /// <summary>Steps 1 and 2.</summary>
    /// <exception cref="ExportRefusedException">It cannot be made as it was asked for.</exception>
    public async Task<(ExportSource Source, ExportHead Head)> OpenAsync(
        PersonId person, ExportOptions options, CancellationToken cancellationToken)
    {
        var source = new ExportSource(path);
        try
        {
            // 1.
            var head = await source.ReadHeadAsync(options, cancellationToken);
            // 2.
            var payload = JsonSerializer.SerializeToUtf8Bytes(new
            {
                export = "slice",
                person = person.Value,
                reason = options.Reason,
                from = head.From,
                to = head.To,
                payloads = options.WithPayloads,
            });
            var change = new Change
            {
                Entries = [new EntryDraft(EntryType.ExportIssued, Action: null, Revision: 0, payload)],
            };
            return await store.CommitAsync(change, cancellationToken) is CommitResult.Committed done
                ? (source, head with { Entry = done.Indexes[0] })
                : throw new StoreUnavailableException(
                    "The export was not recorded, so nothing is handed out; try again.");
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>Step 3.</summary>
    public async Task WriteAsync(
        ExportSource source, ExportHead head, PipeWriter output, CancellationToken cancellationToken)
    {
        using var rows = source.ReadRows(head);
        using var writer = new ExportWriter(vault, output);
        await writer.WriteAsync(head, rows, cancellationToken);
    }
}
