using System.Net.Http.Json;
using System.Text.Json;
using Countersign.Tests.Api;

namespace Countersign.Tests.Hosting;

public sealed class AddressTests
{
    [Fact]
    public async Task A_server_that_took_a_free_port_names_it_where_it_sends_people()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var node = await DemoNode.StartAsync(cancellationToken);
        var ask = new { target = "acme-ops", operation = "export_customers", arguments = new { country = "UK" } };

        using var answer = await node.Agent.PostAsJsonAsync("/v1/actions", ask, cancellationToken);

        var action = await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        var url = new Uri(action.GetProperty("review").GetProperty("url").GetString()!);
        Assert.Equal(node.Agent.BaseAddress!.Authority, url.Authority);
    }
}
