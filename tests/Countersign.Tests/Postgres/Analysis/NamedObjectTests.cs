using Countersign.Gates.Postgres.Analysis;
using Countersign.Gates.Postgres.Parsing;
using Countersign.Gates.Postgres.Statements;

namespace Countersign.Tests.Postgres.Analysis;

/// <summary>Statements whose objects are named, and looked up as the session would.</summary>
public sealed class NamedObjectTests(SharedShop shared) : IClassFixture<SharedShop>
{
    [Fact]
    public async Task TRUNCATE_takes_its_right_and_the_strongest_lock()
    {
        var effects = await EffectsAsync(new CommandEffect("TRUNCATE", [new("TABLE", null, "orders")])
        {
            Lock = "ACCESS EXCLUSIVE",
        });

        Assert.Equal(["public.orders"], effects.Writes);
        Assert.Equal(["ACCESS EXCLUSIVE public.orders"], effects.Locks);
        Assert.Equal(RelationRights.Truncate, Assert.Single(effects.Rights).Rights);
        Assert.False(effects.NeedsOwner);
        Assert.False(effects.IsReadOnly);
    }

    [Fact]
    public async Task TRUNCATE_CASCADE_empties_what_points_at_it()
    {
        var effects = await EffectsAsync(new CommandEffect("TRUNCATE", [new("TABLE", "public", "customers")])
        {
            Cascades = true,
        });

        Assert.Equal(["public.customers", "public.orders"], effects.Writes);
        Assert.Equal(["TRUNCATE"], effects.Verbs);
        Assert.All(effects.Rights, use => Assert.Equal(RelationRights.Truncate, use.Rights));
        Assert.Equal(2, effects.Rights.Length);
    }

    [Fact]
    public async Task DROP_CASCADE_tells_what_goes_along()
    {
        var effects = await EffectsAsync(new CommandEffect("DROP", [new("TABLE", null, "customers")])
        {
            Cascades = true, Lock = "ACCESS EXCLUSIVE",
        });

        Assert.True(effects.NeedsOwner);
        Assert.Equal(["public.customers", "public.names"], effects.Writes);
        Assert.Contains("view names", effects.Dependents);
        Assert.Contains(
            "constraint orders_customer_fkey on table orders",
            effects.Dependents.Select(text => text.Replace("public.", "", StringComparison.Ordinal)));
        Assert.DoesNotContain("table orders", effects.Dependents);
    }

    [Fact]
    public async Task What_is_made_is_named_by_the_schema_it_will_be_in()
    {
        var effects = await EffectsAsync(
            new CommandEffect("CREATE", [new("TABLE", null, "fresh")]), "SELECT ssn FROM customers");

        Assert.Equal(["public.fresh"], effects.Writes);
        Assert.Equal(["public.customers"], effects.Reads);
        Assert.Equal(["CREATE", "SELECT"], effects.Verbs);
        Assert.True(effects.NeedsOwner);
    }

    [Fact]
    public async Task LOCK_TABLE_is_a_lock_and_nothing_else()
    {
        var effects = await EffectsAsync(new CommandEffect("LOCK", [new("TABLE", null, "orders")])
        {
            Lock = "EXCLUSIVE",
        });

        Assert.Equal(["EXCLUSIVE public.orders"], effects.Locks);
        Assert.Equal(["LOCK"], effects.Verbs);
        Assert.Empty(effects.Writes);
        Assert.False(effects.NeedsOwner);
        Assert.Equal(RelationRights.Update, Assert.Single(effects.Rights).Rights);
    }

    [Fact]
    public async Task LOCK_TABLE_as_every_read_takes_it_is_a_read()
    {
        var effects = await EffectsAsync(new CommandEffect("LOCK", [new("TABLE", null, "orders")])
        {
            Lock = "ACCESS SHARE",
        });

        Assert.True(effects.IsReadOnly);
        Assert.Equal(["public.orders"], effects.Reads);
        Assert.Equal(RelationRights.Select, Assert.Single(effects.Rights).Rights);
    }

    [Fact]
    public async Task Names_are_those_of_the_search_path()
    {
        var analysed = await shared.Shop.AnalyseCommandAsync(
            new CommandEffect("ALTER", [new("TABLE", null, "orders")]), null,
            Meaning.Usual with { SearchPath = "pg_catalog" });

        Assert.DoesNotContain("public.orders", Assert.IsType<Analysed.Understood>(analysed).Effects.Writes);
    }

    private async Task<Effects> EffectsAsync(CommandEffect utility, string? inner = null) =>
        Assert.IsType<Analysed.Understood>(
            await shared.Shop.AnalyseCommandAsync(utility, inner, Meaning.Usual)).Effects;
}
