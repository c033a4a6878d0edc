package innkeep.documentstore;

import de.bwaldvogel.mongo.MongoCollection;
import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.backend.AbstractSynchronizedMongoDatabase;
import de.bwaldvogel.mongo.backend.CollectionOptions;
import de.bwaldvogel.mongo.backend.CursorRegistry;
import de.bwaldvogel.mongo.backend.DatabaseResolver;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.oplog.Oplog;
import io.netty.channel.Channel;
import java.util.List;
import org.h2.mvstore.MVStore;

/** One database: each of its collections is one map of the store, named {@code documents.DATABASE.COLLECTION}. */
final class Database extends AbstractSynchronizedMongoDatabase<Object> {
  static final String PREFIX = "documents.";

  private static final int FIRST_BATCH = 101;

  private final MVStore store;

  Database(String name, MVStore store, CursorRegistry cursors) {
    super(name, cursors);
    this.store = store;
    initializeNamespacesAndIndexes();
  }

  /** A read that names no batch size gets MongoDB's own, not everything in one reply. */
  @Override
  public Document handleCommand(
      Channel channel, String command, Document query, DatabaseResolver resolver, Oplog oplog) {
    if (command.equalsIgnoreCase("find")) {
      query.putIfAbsent("batchSize", FIRST_BATCH);
    }
    return super.handleCommand(channel, command, query, resolver, oplog);
  }

  @Override
  protected MongoCollection<Object> openOrCreateCollection(String name, CollectionOptions options) {
    DocumentMap documents = open(name);
    Documents collection = new Documents(this, name, options, documents, cursorRegistry);
    if (!name.startsWith("system.")) {
      collection.addIndex(new PrimaryIndex(documents));
    }
    return collection;
  }

  @Override
  protected Index<Object> openOrCreateUniqueIndex(
      String collection, String index, List<IndexKey> keys, boolean sparse) {
    return index.equals(PrimaryIndex.NAME) ? new PrimaryIndex(open(collection)) : new UniqueIndex(index, keys, sparse);
  }

  @Override
  public void dropCollection(String name, Oplog oplog) {
    super.dropCollection(name, oplog);
    open(name).drop();
  }

  @Override
  public void moveCollection(MongoDatabase from, MongoCollection<?> collection, String name) {
    DocumentMap documents = new DocumentMap(store, PREFIX + collection.getFullName());
    super.moveCollection(from, collection, name);
    documents.rename(mapName(name));
  }

  @Override
  protected long getFileSize() {
    return store.getFileStore().size();
  }

  @Override
  protected long getStorageSize() {
    return getFileSize();
  }

  private DocumentMap open(String collection) {
    return new DocumentMap(store, mapName(collection));
  }

  private String mapName(String collection) {
    return PREFIX + getFullCollectionNamespace(collection);
  }
}
