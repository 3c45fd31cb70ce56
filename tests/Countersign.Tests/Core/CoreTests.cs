using Countersign.Core.Ledger;
using Countersign.Core.Records;

namespace Countersign.Tests.Core;

/// <summary>One core per test; the page of DESIGN that these tests follow line by line is section 2.</summary>
public abstract class CoreTests : IAsyncLifetime
{
    private CoreHost? _host;

    private protected CoreHost Host => _host!;

    public async ValueTask InitializeAsync() => _host = await CoreHost.StartAsync();

    public virtual async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected async Task AssertEntriesAsync(ActionRecord record, params EntryType[] expected) =>
        Assert.Equal(expected, await Host.EntriesOfAsync(record.Id));
}
