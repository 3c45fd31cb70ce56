using System.Text.Json;
using Countersign.Core.Ledger;
using Countersign.Core.Storage;

namespace Countersign.Server.Storage;

/// <summary>
/// How a change of the log's key is recorded: an entry, and beside it the note that strangers follow.
/// </summary>
internal static class KeyRotation
{
    public static Change Of(KeySuccession succession)
    {
        var payload = JsonSerializer.SerializeToUtf8Bytes(new
        {
            from = succession.Before.ToString(),
            to = succession.After.ToString(),
            note = succession.ToString(),
        });
        return new Change
        {
            KeySuccession = succession.ToString(),
            Entries = [new EntryDraft(EntryType.KeyRotated, Action: null, Revision: 0, payload)],
        };
    }
}
