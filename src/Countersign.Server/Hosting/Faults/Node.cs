#if COUNTERSIGN_FAULTS
using Countersign.Core.Storage;
using Countersign.Gates.Credentials;
using Countersign.Gates.Mcp;
using Countersign.Server.Hosting.Faults;
using Countersign.Server.Storage.Sqlite;
using SQLitePCL;

namespace Countersign.Server.Hosting;

/// <content>The store, with a kill point around each commit and after each statement of the writer.</content>
internal sealed partial class Node
{
    static partial void ArmKillPoints(ref IStore store) => store = new KillingStore(store);

    static partial void ArmKillPoints(ref SqliteStoreOptions options) =>
        options = options with { OnWriteConnection = Watch };

    private static void Watch(SqliteSession session) =>
        raw.sqlite3_profile(session.Handle, static (_, sql, _) => KillPoints.Reach($"ran {sql.Trim()}"), null);
}

/// <content>Credentials, with a kill point between getting one and sending with it, and before making one.</content>
internal static partial class McpTarget
{
    static partial void ArmKillPoints(ref McpCredential credential)
    {
        var (header, value) = credential;
        credential = new McpCredential(header, async cancellationToken =>
        {
            var secret = await value(cancellationToken);
            KillPoints.Reach($"credential {header}");
            return secret;
        });
    }

    static partial void ArmKillPoints(ref MintCredential mint)
    {
        var inner = mint;
        mint = async (action, cancellationToken) =>
        {
            KillPoints.Reach($"minting {action.Action.Target}");
            var minting = await inner(action, cancellationToken);
            KillPoints.Reach($"minted {action.Action.Target}");
            return minting;
        };
    }
}
#endif
