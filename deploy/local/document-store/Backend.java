package innkeep.documentstore;

import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.backend.AbstractMongoBackend;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.h2.mvstore.MVStore;

/** All databases of one file. */
final class Backend extends AbstractMongoBackend {
  private final MVStore store;
  private final Map<String, MongoDatabase> opened = new ConcurrentHashMap<>();

  Backend(MVStore store) {
    this.store = store;
    for (String map : store.getMapNames()) {
      if (map.startsWith(Database.PREFIX)) {
        resolveDatabase(map.split("\\.")[1]);
      }
    }
  }

  @Override
  protected MongoDatabase openOrCreateDatabase(String name) {
    return opened.computeIfAbsent(name, missing -> new Database(missing, store, getCursorRegistry()));
  }

  @Override
  public void dropDatabase(String name) {
    super.dropDatabase(name);
    opened.remove(name);
  }

  @Override
  public void close() {
    super.close();
    store.close();
  }
}
